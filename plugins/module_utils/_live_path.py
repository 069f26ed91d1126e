# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One path that a restore puts in place: by rename, with what was there kept aside."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import exchange, sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._mount import mount_of


@dataclass(frozen=True)
class LivePath:
    """A file or directory of this host."""

    path: Path
    run_id: str

    @property
    def kept(self) -> Path:
        return self.path.with_name(f"{self.path.name}.pre-{self.run_id}")

    @property
    def quarantine(self) -> Path:
        return self.path.with_name(f"{self.path.name}.quarantine-{self.run_id}")

    @property
    def parent_there(self) -> Path:
        """The nearest directory above it that exists."""
        directory = self.path.parent
        while not os.path.lexists(directory):
            directory = directory.parent
        return directory

    def require_usable(self) -> None:
        """It must be one that a rename can put in place, and that is where its name says."""
        what = f"restore {self.path}"
        # The kernel is asked: on an overlay a file's device is not the one of its directory.
        if mount_of(str(self.path)).point == os.path.normpath(self.path):
            raise PreconditionError(
                what,
                cause="it is a mount point, so the new data cannot be put in its place at once",
                next_action="Restore beside, or name the paths below it",
            )
        parent = self.parent_there
        if os.path.realpath(parent) != str(parent):
            raise PreconditionError(
                what,
                cause=f"{parent} leads by a link to {os.path.realpath(parent)}",
                next_action="Name the path that it leads to, or restore beside",
            )
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise PreconditionError(
                what,
                cause=f"this user may not write in {parent}",
                next_action="Run this as the owner, or restore beside",
            )
        for taken in (self.kept, self.quarantine):
            if os.path.lexists(taken):
                raise PreconditionError(
                    what, cause=f"{taken} is there already", next_action="Give another run_id, or move it away"
                )

    def put_in_place(self, staged: Path) -> bool:
        """The staged tree takes its place. Whether something was there, which is kept."""
        self._make_parents(staged)
        had_something, new = os.path.lexists(self.path), Path(f"{staged}{self.path}")
        if had_something:
            # First under the name of what is kept, then by one exchange: the path is whole at each moment.
            new.rename(self.kept)
            try:
                exchange(self.kept, self.path)
            except OSError:
                self.kept.rename(new)
                raise
        else:
            new.rename(self.path)
        sync_directory(self.path.parent)
        return had_something

    def put_back(self) -> None:
        """Undo put_in_place: what was put there is set apart, what was kept returns."""
        if os.path.lexists(self.kept):
            exchange(self.kept, self.path)
            self.kept.rename(self.quarantine)
        else:
            self.path.rename(self.quarantine)
        sync_directory(self.path.parent)

    def _make_parents(self, staged: Path) -> None:
        """Directories above it that are missing come as the backup has them."""
        missing = []
        directory = self.path.parent
        while not directory.exists():
            missing.append(directory)
            directory = directory.parent
        for each in reversed(missing):
            each.mkdir()
            model = Path(f"{staged}{each}")
            status = model.stat()
            if os.geteuid() == 0:
                os.chown(each, status.st_uid, status.st_gid)
            shutil.copystat(model, each)
            sync_directory(each.parent)
