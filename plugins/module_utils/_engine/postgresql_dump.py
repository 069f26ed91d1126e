# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One database of PostgreSQL with pg_dump and restic: a copy that every newer server reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump import Contents
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_source import Source, major_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_taking import Labels, take_dump
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_trial import (
    ROLES_FILE,
    Trial,
    archive_name,
    instance_in,
    write_files,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_extract import (
    extract,
    parts_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import process_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_engine import ResticEngine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import candidates
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Check,
    Finding,
    Look,
    Reached,
    RestorePlan,
    Selection,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    RecoveryError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget


class PostgresqlDumpEngine(ResticEngine):
    NAME: str = "postgresql_dump"
    # A dump is always a full one. Who asks for less gets it, and is told.
    STRATEGIES: tuple[str, ...] = ("full", "differential", "incremental")
    TARGETS: tuple[str, ...] = ("latest", "immediate")
    PARTS: tuple[str, ...] = ("tables",)
    RESTORES_IN_PLACE: bool = False
    WAY_INTO_PLACE: str = (
        "Use mode: beside, load the roles that are missing out of globals.sql, and the archive with pg_restore "
        "--create -d postgres, or into an empty database with pg_restore -d DATABASE; or restore the whole cluster "
        "with the engine postgresql"
    )

    def begin(self) -> None:
        self.source = Source.of(self.options, self.deadline)
        self._trial: Trial | None = None
        self._is_taken_apart = False
        super().begin()

    @property
    def stanza(self) -> str:
        return str(self.options["stanza"])

    @property
    def live_directory(self) -> Path:
        raise AssertionError("a dump never takes the place of live data")

    def read_records(self) -> Catalogue:
        records = self.keeper.listing().records
        identifier = records[-1].system_identifier if records else ""
        return Catalogue(records, [], None, identifier, self.keeper.is_backup_running)

    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        """A dump has no window: what can be recovered is each backup itself, as it was when it began."""
        seen = self.read_records()
        usable = [record.started_at for record in records if record.is_usable]
        return Catalogue(records, [], max(usable, default=None), seen.system_identifier, seen.is_backup_running)

    def require_here(self, strategy: str) -> None:
        self.source.require_state()

    def take(self, strategy: str) -> Taken:
        return take_dump(self.source, self.keeper, Labels(self.consistency_id, self.repository.key_id))

    def prove_complete(self, record: BackupRecord) -> None:
        """Nothing to wait for: a dump has a record only when all of it was read back."""

    def rehearse(self, record: BackupRecord, scratch: Path, checks: list[Check]) -> dict[str, Any]:
        contents = self._contents_of(record, is_proof=True)
        self._require_programs(record)
        write_files(self.source, self.keeper, record, contents, scratch)
        trial = Trial(self.source, contents, scratch)
        try:
            return {**trial.load(), "structure": trial.look_through(), "checks": trial.ask(checks)}
        finally:
            trial.remove()

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
            raise InputError("read the option timeline", cause="a dump has none", next_action="Leave it out")
        parts_of(selection)
        usable = [each for each in candidates(records, backup) if each.is_usable]
        record = max(usable, key=lambda each: each.started_at)
        self._require_programs(record)
        contents = self._contents_of(record)
        preflight = [
            Finding("backup", True, f"{record.id}, {record.trust.level}", "undamaged"),
            Finding("moment", True, f"as it was at {written(record.started_at)}", str(target)),
            Finding("database", True, f"{contents.database}, rows of {contents.tables} tables", contents.database),
            Finding("version", True, record.server_version, f"{self.source.version} or older"),
        ]
        size = record.size_bytes + contents.database_bytes
        return RestorePlan(record, target, preflight=preflight, selection=selection, size_bytes=size)

    def _contents_of(self, record: BackupRecord, *, is_proof: bool = False) -> Contents:
        return Contents.of(self.keeper.content(record, is_proof=is_proof), f"read the record of backup {record.id[:8]}")

    def _require_programs(self, record: BackupRecord) -> None:
        """A newer server reads an older one's dump, never the other way round."""
        what, programs = f"restore backup {record.id}", self.source.binary_directory
        if major_of(record.server_version) > self.source.version:
            raise VersionError(
                what,
                cause=f"it is of PostgreSQL {record.server_version}, wanted is {self.source.version}",
                next_action="Set engine.postgresql_dump.version to the version of the backup or a newer one",
            )
        missing = [name for name in ("postgres", "pg_restore", "initdb") if not os.access(programs / name, os.X_OK)]
        if missing:
            raise VersionError(
                what,
                cause=f"{missing[0]} of PostgreSQL {self.source.version} is not installed in {programs}",
                next_action="Install the server, or set engine.postgresql_dump.binary_directory",
            )

    def identity_at(self, directory: Path) -> str | None:
        """An archive does not say whose it is; the record of the backup does."""
        return None

    def is_running(self, directory: Path) -> bool:
        return process_of(instance_in(self.source, directory).directory) is not None

    def lay_down(self, plan: RestorePlan, directory: Path) -> None:
        write_files(self.source, self.keeper, plan.record, self._contents_of(plan.record), directory)

    def prove(self, plan: RestorePlan, directory: Path, *, port: int | None, listen: str = "") -> Reached:
        """Load it, which proves the archive; the server stays to be asked, and for parts to be taken out of it."""
        contents = self._contents_of(plan.record)
        self._trial = Trial(self.source, contents, directory)
        self._is_taken_apart = not plan.selection.is_everything
        try:
            found = self._trial.load()
        except RecoveryError:
            self._trial.remove()
            raise
        self._notes = [f"Load {ROLES_FILE} first, then pg_restore --create -d postgres {archive_name(contents)}"]
        by = f"{found['tables']} tables were loaded into PostgreSQL {self.source.version}"
        return Reached(plan.record.start_lsn, written(plan.record.started_at), None, by)

    def look_into(
        self, plan: RestorePlan, directory: Path, look: Look, *, port: int | None, may_write: bool
    ) -> dict[str, Any]:
        trial = self._require_trial()
        answers = trial.ask(look.checks)
        return {"checks": answers, "structure": trial.look_through() if look.goes_on(answers) else None}

    def open_beside(self, directory: Path, reached: Reached, *, port: int | None, runs: bool) -> Reached:
        if not self._is_taken_apart:
            self._require_trial().remove()
        return reached

    def _require_trial(self) -> Trial:
        if self._trial is None:
            raise AssertionError("prove() comes first")
        return self._trial

    def extract(
        self, directory: Path, selection: Selection, destination: Path, *, port: int | None
    ) -> list[dict[str, Any]]:
        return extract(instance_in(self.source, directory), parts_of(selection), destination)

    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        raise AssertionError("a dump never takes the place of live data")

    def stop(self, directory: Path) -> None:
        instance_in(self.source, directory).stop()
