# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Files with restic: file systems, configuration, the state of applications, logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_backup import FilesBackup
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_checks import (
    question,
    require_checks,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_keeping import FilesKeeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_options import Source
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_restore import (
    Contents,
    choose_backup,
    preflight_of,
    selected_roots,
    write_tree,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_use import writers_in
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_engine import ResticEngine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Check,
    Look,
    Reached,
    RestorePlan,
    Selection,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget


class FilesEngine(ResticEngine):
    NAME: str = "files"
    STRATEGIES: tuple[str, ...] = ("full", "differential", "incremental", "snapshot")
    IS_MADE_OF_PATHS: bool = True
    PARTS: tuple[str, ...] = ("paths",)
    KEEPER: type[Keeper] = FilesKeeper

    keeper: FilesKeeper

    def begin(self) -> None:
        self.source = Source.of(self.options)
        self._contents: dict[str, Contents] = {}
        super().begin()

    @property
    def stanza(self) -> str:
        return self.source.stanza

    @property
    def live_directory(self) -> Path:
        return Path(os.path.commonpath(self.source.paths))

    def live_paths(self, plan: RestorePlan) -> list[str]:
        contents = self._contents_of(plan.record)
        roots = selected_roots(contents, plan.selection)
        return [root for root in roots if not any(root.startswith(each) for each in contents.documents)]

    def read_records(self) -> Catalogue:
        listing = self.keeper.listing()
        identities = [record.system_identifier for record in listing.records]
        newest = identities[-1] if identities else self.source.host
        return Catalogue(listing.records, [], None, newest, self.keeper.is_backup_running)

    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        """Files have no windows: what can be recovered is each backup itself, as it was when its reading began."""
        seen = self.read_records()
        usable = [record.started_at for record in records if record.is_usable]
        return Catalogue(records, [], max(usable, default=None), seen.system_identifier, seen.is_backup_running)

    def require_here(self, strategy: str) -> None:
        if strategy == "snapshot" and os.geteuid() != 0:
            raise PreconditionError(
                "take a snapshot of the source", cause="this user is not root", next_action="Run this as root"
            )

    def take(self, strategy: str) -> Taken:
        return FilesBackup(self.source, self.keeper, strategy, self.consistency_id).take()

    def prove_complete(self, record: BackupRecord) -> None:
        """Nothing to wait for: a backup of files has a record only when all of it was stored."""

    def require_checks(self, checks: list[Check]) -> None:
        require_checks(checks)

    def rehearse(self, record: BackupRecord, scratch: Path, checks: list[Check]) -> dict[str, Any]:
        contents = self._contents_of(record, is_proof=True)
        found = write_tree(self.keeper.tool, record.id, contents, scratch, is_whole=True)
        return {"manifest": found.as_evidence(), "checks": question(checks, scratch, self.deadline)}

    def plan_restore(
        self,
        records: list[BackupRecord],
        target: RecoveryTarget,
        *,
        backup: str | None,
        timeline: int | None,
        selection: Selection,
    ) -> RestorePlan:
        if timeline is not None:
            raise InputError("read the option timeline", cause="files have none", next_action="Leave it out")
        record = choose_backup(records, target, backup)
        contents = self._contents_of(record)
        part = contents.part(selected_roots(contents, selection))
        return RestorePlan(
            record,
            target,
            preflight=preflight_of(record, part),
            selection=selection,
            size_bytes=part.needed_bytes(self.keeper.tool.version()),
        )

    def _contents_of(self, record: BackupRecord, *, is_proof: bool = False) -> Contents:
        """What a backup holds, read once; a proof reads the repository, whatever is known."""
        if is_proof or record.id not in self._contents:
            what = f"read the record of backup {record.id[:8]}"
            self._contents[record.id] = Contents.of(self.keeper.content(record, is_proof=is_proof), what)
        return self._contents[record.id]

    def identity_at(self, directory: Path) -> str | None:
        """Files do not say whose they are; the record of the backup does."""
        return None

    def is_running(self, directory: Path) -> bool:
        """Whether a process has something below the directory open for writing."""
        return bool(writers_in(directory))

    def lay_down(self, plan: RestorePlan, directory: Path) -> None:
        contents = self._contents_of(plan.record)
        roots = selected_roots(contents, plan.selection)
        part = contents.part(roots)
        found = write_tree(self.keeper.tool, plan.record.id, part, directory, is_whole=plan.selection.is_everything)
        self._notes += [f"Not preserved: {each}" for each in found.not_preserved]

    def prove(self, plan: RestorePlan, directory: Path, *, port: int | None, listen: str = "") -> Reached:
        contents = self._contents_of(plan.record)
        count = len(contents.part(selected_roots(contents, plan.selection)).manifest.entries)
        at = written(plan.record.started_at)
        return Reached(None, at, None, f"{count} paths are as the manifest has them, every file was read back")

    def look_into(
        self, plan: RestorePlan, directory: Path, look: Look, *, port: int | None, may_write: bool
    ) -> dict[str, Any]:
        """The questions only: whoever wrote the tree has read every file of it back."""
        structure = "every file was read back and is as the manifest has it"
        return {"checks": question(look.checks, directory, self.deadline), "structure": structure}

    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        raise AssertionError("files are put in place path by path, and nothing is started")
