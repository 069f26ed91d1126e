# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""PostgreSQL with pgBackRest."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import (
    SHUT_DOWN,
    read_control_data,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import (
    _pgbackrest_repository,
    _postgresql_needs,
    _postgresql_recovery,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    meaning_of,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_engine import (
    PgBackRestEngine,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_extract import (
    extract,
    parts_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import (
    Instance,
    process_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import (
    open_live,
    require_programs,
    settle,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_soundness import (
    look_into_clone,
    look_into_copy,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import choose
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Check,
    Finding,
    Look,
    Reached,
    RestorePlan,
    Selection,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    RecoveryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# A recovering server keeps what it replayed up to this: the default of max_wal_size.
MOST_LOG_KEPT = 1024**3


class PostgresqlEngine(PgBackRestEngine):
    NAME: str = "postgresql"
    STRATEGIES: tuple[str, ...] = ("full", "differential", "incremental", "transaction_log")
    REPOSITORIES: tuple[str, ...] = ("azure", "filesystem", "gcs", "nfs", "repository_host", "s3", "sftp")
    PARTS: tuple[str, ...] = ("databases", "tables")
    USER: str = "postgres"
    KEEPER_USER: str | None = "pgbackrest"
    REPOSITORY_TOOL = _pgbackrest_repository.PgBackRestTool

    def rehearse(self, record: BackupRecord, scratch: Path, checks: list[Check]) -> dict[str, Any]:
        plan = RestorePlan(record, RecoveryTarget("immediate"), record.timeline)
        self.lay_down(plan, scratch)
        instance = self._instance(scratch, self.live.port)
        try:
            # Nothing of it is kept, so nothing of it has to survive a power cut.
            command = self._restore_command(scratch)
            reached = _postgresql_recovery.recover(instance, plan, command, {"fsync": "off"}, listen="")
            _postgresql_recovery.open_for_writes(instance)
            answers = _postgresql_recovery.question(instance, checks, self.live.database)
            structure = _postgresql_recovery.check_structure(instance)
        finally:
            instance.stop()
        pages = _postgresql_recovery.check_pages(instance)
        return {"reached": reached.as_result(), "structure": structure, "pages": pages, "checks": answers}

    def plan_restore(
        self,
        records: list[BackupRecord],
        target: RecoveryTarget,
        *,
        backup: str | None,
        timeline: int | None,
        selection: Selection,
    ) -> RestorePlan:
        parts_of(selection)
        archive = self._read_archive()
        ours = self._of_this_system(records)
        record, window = choose(ours, archive, target, backup=backup, timeline=timeline)
        require_programs(self.live, record)
        said, told = window.as_result(), _postgresql_needs.told_of(self.tool, record)
        preflight = [
            Finding("backup", True, f"{record.id}, {record.trust.level}", "finished before the target, undamaged"),
            Finding("window", True, f"{said['from_at']} to {said['until_at']} without a gap", str(target)),
            Finding("timeline", True, f"{record.timeline} leads to {window.timeline}", str(window.timeline)),
            Finding("version", True, record.server_version, self.live.version),
            *_postgresql_needs.findings(told, self.live, record),
        ]
        last = max(window.until_lsn - self.segments.segment_bytes, 0)
        log_bytes = min(window.until_lsn - parse_lsn(record.start_lsn), MOST_LOG_KEPT)
        size = record.size_bytes + log_bytes + self.server_bytes
        moved = _postgresql_needs.tablespaces_of(told)
        return RestorePlan(record, target, window.timeline, last, preflight, selection, size, moved=moved)

    def identity_at(self, directory: Path) -> str | None:
        if not (directory / "global" / "pg_control").exists():
            return None
        try:
            control = read_control_data(str(self.live.binary_directory), str(directory), deadline=self.deadline)
        except RecoveryError:
            return None
        return control.system_identifier

    def is_running(self, directory: Path) -> bool:
        return process_of(directory) is not None

    def lay_down(self, plan: RestorePlan, directory: Path) -> None:
        tablespaces = plan.tablespaces or directory.with_name(directory.name + ".tablespaces")
        arguments = [f"--pg1-path={directory}", f"--set={plan.record.id}", "--type=none"]
        arguments += [f"--tablespace-map-all={tablespaces}", "--log-level-console=info", *self.tool.jobs_argument]
        what = f"restore backup {plan.record.id} into {directory}"
        finished = run_tool(self.tool.argv("restore", *arguments), deadline=self.deadline)
        if finished.rc != 0 or "restore command end: completed successfully" not in finished.stdout:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "pgbackrest", "rc": finished.rc})
        missing = [name for name in ("PG_VERSION", "global/pg_control") if not (directory / name).is_file()]
        identity = None if missing else self.identity_at(directory)
        if identity != plan.record.system_identifier:
            raise IntegrityError(
                what,
                cause=f"missing: {', '.join(missing) or 'nothing'}; it says to be system {identity}",
                next_action="Use another backup",
            )

    def prove(self, plan: RestorePlan, directory: Path, *, port: int | None, listen: str = "") -> Reached:
        instance = self._instance(directory, port)
        return _postgresql_recovery.recover(instance, plan, self._restore_command(directory), {}, listen=listen)

    def look_into(
        self, plan: RestorePlan, directory: Path, look: Look, *, port: int | None, may_write: bool
    ) -> dict[str, Any]:
        instance = self._instance(directory, port)
        if may_write:
            return look_into_copy(instance, look, self.live.database)

        def begin(trial: Instance) -> None:
            # Nothing of it is kept, so nothing of it has to survive a power cut.
            command = self._restore_command(trial.directory)
            _postgresql_recovery.recover(trial, plan, command, {"fsync": "off"}, listen="")

        return look_into_clone(instance, begin, look, self.live.database)

    def trial_bytes(self, plan: RestorePlan) -> int:
        return plan.needed_bytes

    def open_beside(self, directory: Path, reached: Reached, *, port: int | None, runs: bool) -> Reached:
        instance = self._instance(directory, port)
        if instance.process_id is None:
            stopped = _postgresql_recovery.stopped_in_order(instance, f"open the copy in {directory}")
            # It was open when it was looked through, and is not started for nothing.
            if not runs and stopped.cluster_state == SHUT_DOWN:
                return replace(reached, timeline=stopped.timeline)
            instance.start()
        opened = _postgresql_recovery.open_for_writes(instance)
        return replace(reached, timeline=opened.timeline)

    def extract(
        self, directory: Path, selection: Selection, destination: Path, *, port: int | None
    ) -> list[dict[str, Any]]:
        return extract(self._instance(directory, port), parts_of(selection), destination)

    def prepare_in_place(self, plan: RestorePlan, staged: Path, live: Path) -> None:
        settle(staged, plan.target, plan.timeline, self._restore_command(live))

    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        return open_live(self.live)

    def reopen(self, live: Path) -> None:
        open_live(self.live)

    def stop(self, directory: Path) -> None:
        self._instance(directory, None).stop()

    def _instance(self, directory: Path, port: int | None) -> Instance:
        return Instance(directory, self.live.binary_directory, port or self.live.port, self.deadline)

    def _restore_command(self, directory: Path) -> str:
        argv = self.tool.argv("archive-get", f"--pg1-path={directory}")
        return " ".join(shlex.quote(word) for word in argv) + ' %f "%p"'
