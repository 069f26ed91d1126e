# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The directories of a restore: where it is staged, what was there before, what failed; and whose they are."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import is_held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import (
    exchange,
    sync_directory,
    write_durably,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._mount import mount_points_in


@dataclass(frozen=True)
class Place:
    """One directory that a restore fills. All its siblings carry the run's id, so that nobody cleans another's."""

    directory: Path
    run_id: str

    @property
    def staged(self) -> Path:
        return self._sibling(f"partial-{self.run_id}")

    @property
    def kept(self) -> Path:
        return self._sibling(f"pre-{self.run_id}")

    @property
    def quarantine(self) -> Path:
        return self._sibling(f"quarantine-{self.run_id}")

    @property
    def marker(self) -> Path:
        """Beside the directory, never in it: what lies in a data directory is backed up and comes back elsewhere."""
        return self._sibling("recovery.json")

    @property
    def tablespaces(self) -> Path:
        """Where this run puts what lay outside of the directory; it stays there when the directory gets its name."""
        return self._sibling(f"tablespaces-{self.run_id}")

    @property
    def extracted(self) -> Path:
        return self._sibling("extracted")

    def _sibling(self, ending: str) -> Path:
        return self.directory.with_name(f"{self.directory.name}.{ending}")

    @property
    def is_occupied(self) -> bool:
        return self.directory.is_symlink() or (self.directory.exists() and any(self.directory.iterdir()))

    @property
    def left_over(self) -> list[str]:
        """What earlier runs that were killed left behind; never cleaned without being asked."""
        parent, name = self.directory.parent, self.directory.name
        partial = [path for path in parent.glob(f"{name}.partial-*") if path != self.staged]
        theirs = [Place(self.directory, path.name.removeprefix(f"{name}.partial-")).tablespaces for path in partial]
        found = [*partial, *(path for path in theirs if path.exists()), *parent.glob(f"{name}.quarantine-*")]
        return sorted(map(str, found))

    @property
    def is_abandoned(self) -> bool:
        """Whether a restore beside was killed before the copy here was proven."""
        marker = self.read_marker()
        is_unproven = marker is not None and marker.get("identity") is None and marker.get("is_in_place") is False
        return is_unproven and not is_held(self.directory)

    @property
    def abandoned(self) -> list[Path]:
        """Copies that killed runs left behind, perhaps with a server of ours on them."""
        left = [*map(Path, self.left_over), self.staged, *([self.directory] if self.is_abandoned else [])]
        return [each for each in left if each.exists() and not is_held(each)]

    def require_usable(self) -> None:
        """The directory must be one that a rename can put in place."""
        what = f"restore into {self.directory}"
        if not self.directory.is_absolute() or self.directory == Path("/"):
            raise InputError(what, cause="it is not an absolute path of its own", next_action="Give an absolute path")
        if self.directory.is_symlink() or (self.directory.exists() and not self.directory.is_dir()):
            leads = f"a link to {os.path.realpath(self.directory)}" if self.directory.is_symlink() else "no directory"
            raise PreconditionError(
                what,
                cause=f"it is {leads}, and what takes its place would lie on the disk of {self.directory.parent}",
                next_action="Name the directory itself where the data is to lie",
            )
        self._require_not_mounted(what)
        for taken in (self.kept, *([] if self._has_own_tablespaces else [self.tablespaces])):
            if os.path.lexists(taken):
                raise PreconditionError(
                    what,
                    cause=f"{taken} is there already, from a run of this name",
                    next_action="Give another run_id, or see what is in it and move it away",
                )
        parent = self.directory.parent
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise PreconditionError(
                what,
                cause=f"this user may not create a directory in {parent}",
                next_action="Create it for the database's user, or choose another place",
            )

    def _require_not_mounted(self, what: str) -> None:
        """A mount point cannot be renamed, and what is mounted further inside would go away with the former data."""
        points = mount_points_in(self.directory)
        if str(self.directory) in points:
            raise PreconditionError(
                what,
                cause="it is a mount point, so the new data cannot be put in its place at once",
                next_action="Let the data directory be a directory below the mount point",
            )
        if points:
            raise PreconditionError(
                what,
                cause=f"{points[0]} is mounted inside of it, and would not be a part of the new data",
                next_action="Unmount it before, and mount it again with the new data in it when the restore is done",
            )

    @property
    def _has_own_tablespaces(self) -> bool:
        """Whether the tablespaces of this run's name are what it left itself when it was killed, or put to use."""
        return self.staged.exists() or self.tablespaces in self.tablespaces_of(self.directory)

    def tablespaces_of(self, data: Path) -> set[Path]:
        """The directories that restores of ours made for the tablespaces of a data directory; nobody else's."""
        folder = data / "pg_tblspc"
        links = [Path(os.readlink(each)).parent for each in folder.glob("*") if each.is_symlink()]
        ours = f"{self.directory.name}.tablespaces-"
        return {each for each in links if each.parent == self.directory.parent and each.name.startswith(ours)}

    @property
    def notes(self) -> list[str]:
        """What an operator has to know of tablespaces: they lie elsewhere than they did."""
        found = ", ".join(sorted(map(str, self.tablespaces_of(self.directory))))
        return [f"Its tablespaces lie in {found}; where they were before, nothing was changed"] if found else []

    @property
    def content(self) -> tuple[int, int] | None:
        """Which directory lies there, by what no rename changes; None for none."""
        try:
            status = self.directory.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def read_marker(self) -> dict[str, Any] | None:
        """What a restore of ours wrote about exactly this directory; None for anybody else's."""
        try:
            content = json.loads(self.marker.read_text(encoding="utf-8"))
            status = self.directory.stat()
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict) or content.get("inode") != [status.st_dev, status.st_ino]:
            return None
        return content

    def write_marker(self, content: dict[str, Any]) -> None:
        status = self.directory.stat()
        text = json.dumps({**content, "inode": [status.st_dev, status.st_ino]}, indent=1, sort_keys=True)
        write_durably(self.marker, text + "\n")

    def mark_unproven(self) -> None:
        """What lies there now is ours, and is to be made anew unless it gets proven."""
        self.write_marker({"identity": None, "is_in_place": False})

    def stage(self) -> None:
        """An empty directory for this run; a leftover of the same run is this run's to clean."""
        for path in (self.staged, self.tablespaces):
            if path.exists():
                shutil.rmtree(path)
        self.staged.mkdir(mode=0o700)

    def put_in_place(self, *, keep: bool) -> Path | None:
        """The staged directory becomes the directory; what was there is kept aside, or was ours to drop."""
        kept = None
        try:
            if keep and self.is_occupied:
                # First under the name of what is kept, then by one exchange: the directory is whole at each moment.
                self.staged.rename(self.kept)
                exchange(self.kept, self.directory)
                kept = self.kept
            else:
                if self.is_occupied:
                    self._drop(self.directory, but=self.tablespaces)
                # Onto an empty directory this fails when somebody has put something there meanwhile.
                self.staged.rename(self.directory)
        except OSError as error:
            if self.kept.exists() and not self.staged.exists():
                self.kept.rename(self.staged)
            raise self._not_renamed(error) from error
        sync_directory(self.directory.parent)
        return kept

    def _not_renamed(self, error: OSError) -> ToolError:
        # An overlay does not rename a directory of its lower layer, such as one that an image came with.
        is_overlay = error.errno == errno.EXDEV
        return ToolError(
            f"put the restored data in place at {self.directory}",
            cause=f"{error}{': the file system does not let this directory be renamed' if is_overlay else ''}",
            next_action="Let the data directory be one that was made on this disk, not by an image"
            if is_overlay
            else "Look at the directory and its siblings by hand",
        )

    def keep_only_extracted(self) -> None:
        """What was taken out of a copy takes the copy's place."""
        self._drop(self.directory)
        self.extracted.rename(self.directory)
        sync_directory(self.directory.parent)

    def put_back(self) -> None:
        """Undo put_in_place: the failed data goes to quarantine, what was kept returns."""
        if self.kept.exists():
            exchange(self.kept, self.directory)
            self._to_quarantine(self.kept)
        else:
            self._to_quarantine(self.directory)
        sync_directory(self.directory.parent)

    def set_apart(self, failed: Path) -> Path | None:
        """Move what a failed restore left out of the way; None when it left nothing."""
        if failed.exists() and any(failed.iterdir()):
            self._to_quarantine(failed)
            return self.quarantine
        for empty in (failed, self.tablespaces):
            if empty.exists():
                shutil.rmtree(empty)
        return None

    def _to_quarantine(self, failed: Path) -> None:
        failed.rename(self.quarantine)
        if self.tablespaces.exists():
            self.tablespaces.rename(self._sibling(f"quarantine-{self.run_id}.tablespaces"))

    def _drop(self, data: Path, *, but: Path | None = None) -> None:
        """Remove data with the tablespaces that were made for it."""
        tablespaces = self.tablespaces_of(data) - {but}
        for path in (data, *tablespaces):
            if path.exists():
                shutil.rmtree(path)

    def drop_kept(self, kept: Path) -> None:
        """Remove former data; its tablespaces only where a restore made them and nothing live uses them."""
        shared = self.tablespaces_of(kept) & self.tablespaces_of(self.directory)
        for path in (kept, *(self.tablespaces_of(kept) - shared)):
            if path.exists():
                shutil.rmtree(path)
        sync_directory(self.directory.parent)

    def remove(self) -> None:
        self._drop(self.directory)
        self.marker.unlink(missing_ok=True)
        sync_directory(self.directory.parent)
