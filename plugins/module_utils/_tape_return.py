# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The way back from a tape: wanted is that a directory of this host is the repository that the tape holds."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    PreconditionError,
    RepositoryError,
    SpaceError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import (
    PinnedDirectory,
    named,
    pinned,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_archive import TapeRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    checksums_of,
    written_manifest,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository


class TapeReturn:
    """A Subject: the directory of a repository, empty or not there, or filled from the same tape before."""

    def __init__(self, source: TapeRepository, target: Engine) -> None:
        self.source = source
        self.target = target
        self.what = f"read {source} back into {target.repository}"
        self.drive = source.open_drive(target.deadline)
        self.label: TapeRecord | None = None
        self.seen: str | None = None

    @property
    def directory(self) -> Path:
        found = self.target.repository.local_directory
        if found is None:
            raise PreconditionError(
                self.what,
                cause="it is no directory of this host",
                next_action="Name a repository that is one, and copy its backups on from there",
            )
        # A name that leads elsewhere is not what is replaced.
        return Path(found).resolve()

    def describe(self) -> Description:
        if self.label is None:
            self.target.repository.require_ready()
            self.label, _manifest = self.drive.read_promise()
        self.seen = self._manifest_there()
        return {"manifest": self.seen}

    def _manifest_there(self) -> str | None:
        """The digest of the manifest of what is there; None when nothing is."""
        directory = self.directory
        try:
            if not directory.exists() or not any(directory.iterdir()):
                return None
            content = written_manifest(checksums_of(directory, self.target.deadline))
        except OSError as error:
            raise RepositoryError(
                self.what,
                cause=f"{error.filename or directory}: {error.strerror or error}",
                next_action="Run this as the owner of that directory, or as root",
            ) from error
        return hashlib.sha256(content).hexdigest()

    def plan(self, before: Description) -> Description:
        wanted = self._label().manifest_sha256
        if before["manifest"] == wanted:
            return before
        if before["manifest"] is not None:
            raise PreconditionError(
                self.what,
                cause=f"{self.directory} is neither empty nor what tape {self._label().id} holds",
                next_action="Name a directory that is empty or not there, or move what is there aside",
            )
        if os.path.ismount(self.directory):
            raise PreconditionError(
                self.what,
                cause=f"{self.directory} is a mount point, which cannot be replaced at once",
                next_action="Name a directory below it",
            )
        self._require_room()
        return {"manifest": wanted}

    def _label(self) -> TapeRecord:
        if self.label is None:
            raise RepositoryError(self.what, cause="the tape was not read", next_action="Read its label first")
        return self.label

    def _require_room(self) -> None:
        above = next(each for each in self.directory.parents if each.exists())
        free, needed = shutil.disk_usage(above).free, self._label().size_bytes
        if free < needed:
            raise SpaceError(
                self.what,
                cause=f"{needed} bytes are on the tape, and {free} are free in {above}",
                next_action="Make room, or name a directory of a larger disk",
            )

    def apply(self, before: Description, after: Description) -> None:
        """Beside first: under its own name there is nothing, or all of it, whenever this is interrupted."""
        directory = self.directory
        beside = directory.with_name(f"{directory.name}.from-{self._label().id}")
        try:
            # What an earlier attempt left that was interrupted.
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True, mode=0o700)
            with pinned(beside, self.what) as held:
                held.require_ours(self.what)
                self._fill(held, directory)
            sync_directory(directory.parent)
        except OSError as error:
            raise RepositoryError(
                self.what,
                cause=f"{error.filename or beside}: {error.strerror or error}",
                next_action="Run this as a user who may write beside that directory, such as root",
            ) from error

    def _fill(self, held: PinnedDirectory, directory: Path) -> None:
        """By no name, which whoever owns the directory above could give to something else."""
        try:
            self.drive.read_into(held.place)
            self._settle(held.place, directory)
            held.require_led_to(self.what)
            held.path.rename(directory)
        except BaseException:
            held.empty()
            with suppress(OSError):
                held.path.rmdir()
            raise

    def _settle(self, beside: Path, directory: Path) -> None:
        """With the owner and the mode of the empty directory that it replaces, and all of it on the disk."""
        if directory.exists():
            place = directory.stat()
            if os.geteuid() == 0:
                os.chown(beside, place.st_uid, place.st_gid)
                for folder, folders, files in os.walk(beside):
                    for name in (*folders, *files):
                        os.chown(Path(folder, name), place.st_uid, place.st_gid, follow_symlinks=False)
            beside.chmod(place.st_mode & 0o7777)
        synced = run_tool(["sync", "--file-system", str(beside)], deadline=self.target.deadline)
        require_success(synced, f"write {named(beside)} to its disk", next_action="Look at that disk")

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        label = self._label()
        return {
            "source": self.source.name,
            "target": self.target.repository.name,
            "tape": label.id,
            "written_at": label.written_at,
            "files": label.files,
            "is_there": self.seen == label.manifest_sha256,
            **after,
        }

    def results(self, after: Description) -> dict[str, Any]:
        label = self._label()
        return {
            "copies": [],
            "log": [],
            "missing": [],
            "newly_copied": [],
            "tape": label.as_result(),
            "notes": [f"It is {label.source} of {label.written_at}; what was taken since then is not in it"],
        }
