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
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import read_control_data
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import (
    _pgbackrest_copy,
    _pgbackrest_repository,
    _pgbackrest_verify,
    _postgresql_recovery,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    CONFIGURATION_FILE,
    PgBackRest,
    meaning_of,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_backup import (
    await_segment,
    configured_hosts,
    examination,
    forget_backup,
    require_right_host,
    ship_log,
    take_backup,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_catalogue import (
    StanzaInfo,
    read_archive,
    read_info,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import (
    Instance,
    process_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import (
    LiveCluster,
    open_live,
    require_programs,
    settle,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import choose
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    DEFAULT_SEGMENT_BYTES,
    Archive,
    Segments,
    window_of,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Check,
    Engine,
    Examination,
    Finding,
    Reached,
    RestorePlan,
    Selection,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    LogGapError,
    RecoveryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository


class PostgresqlEngine(Engine):
    NAME: str = "postgresql"
    STRATEGIES: tuple[str, ...] = ("full", "differential", "incremental", "transaction_log")
    REPOSITORIES: tuple[str, ...] = ("azure", "filesystem", "gcs", "nfs", "repository_host", "s3", "sftp")
    REPOSITORY_TOOL = _pgbackrest_repository.PgBackRestTool
    OPTIONS: dict[str, Any] = {
        "version": {"type": "int", "required": True},
        "cluster": {"type": "str", "default": "main"},
        "port": {"type": "int", "default": 5432},
        "database": {"type": "str"},
        "stanza": {"type": "str", "required": True},
        "data_directory": {"type": "path"},
        "configuration_directory": {"type": "path"},
        "binary_directory": {"type": "path"},
        "socket_directory": {"type": "path"},
        "wal_segment_bytes": {"type": "int", "default": DEFAULT_SEGMENT_BYTES},
    }

    def __init__(
        self,
        options: dict[str, Any],
        repository: Repository,
        *,
        deadline: Deadline,
        configuration_file: str | None = None,
        jobs: int | None = None,
    ) -> None:
        super().__init__(options, repository, deadline=deadline, configuration_file=configuration_file, jobs=jobs)
        file = configuration_file or CONFIGURATION_FILE
        self.tool = PgBackRest(file, str(options["stanza"]), repository.number, deadline, jobs)
        self.live = LiveCluster.of(options, deadline)
        self.segments = Segments(int(options["wal_segment_bytes"]))
        self._info: StanzaInfo | None = None

    @property
    def stanza(self) -> str:
        return self.tool.stanza

    @property
    def live_directory(self) -> Path:
        return self.live.data_directory

    @property
    def default_port(self) -> int:
        return self.live.port

    def read_records(self) -> Catalogue:
        self._info = read_info(self.tool, self.repository)
        return Catalogue(self._info.records, [], None, self._info.system_identifier, self._info.is_backup_running)

    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        info, windows = self._known_info(), windows_of(self._of_this_system(records), self._read_archive())
        newest = max((window.until_at for window in windows), default=None)
        told = [each.as_result() for each in windows]
        return Catalogue(records, told, newest, info.system_identifier, info.is_backup_running)

    def _known_info(self) -> StanzaInfo:
        if self._info is None:
            self._info = read_info(self.tool, self.repository)
        return self._info

    def _read_archive(self) -> Archive:
        return read_archive(self.tool, self._known_info(), self.segments)

    def _of_this_system(self, records: list[BackupRecord]) -> list[BackupRecord]:
        """The backups that belong to the log that was listed: after an upgrade older ones have another."""
        ours = self._known_info().system_identifier
        return [record for record in records if record.system_identifier == ours]

    def require_here(self, strategy: str) -> None:
        require_right_host(self.tool, self.repository, strategy)

    def take(self, strategy: str) -> Taken:
        return take_backup(self.tool, strategy, self.repository)

    def prove_complete(self, record: BackupRecord) -> None:
        if window_of(record, record.timeline, self._read_archive()) is None:
            raise LogGapError(
                f"find the log of backup {record.id} in {self.repository}",
                cause=f"the archive does not hold all of {record.wal_start} to {record.wal_stop}",
                next_action="Look at archive_command and at the server's log, then take another backup",
            )

    def forget(self, records: list[BackupRecord]) -> None:
        for record in records:
            forget_backup(self.tool, record, self.repository)
        self._info = None

    def find_copies(self, target: Any, records: list[BackupRecord]) -> dict[str, str]:
        source, place = _pgbackrest_copy.directories(self.repository, target.repository)
        if not _pgbackrest_copy.is_there(place, self.stanza):
            return {}
        listed = {record.identity for record in target.read_records().records}
        whole = _pgbackrest_copy.whole_copies(source, place, self.stanza, records)
        return {each.id: each.id for each in records if each.id in whole and each.identity in listed}

    def copy_to(self, target: Any, records: list[BackupRecord]) -> None:
        source, place = _pgbackrest_copy.directories(self.repository, target.repository)
        if _pgbackrest_copy.is_there(place, self.stanza):
            theirs = target.read_records().records
            _pgbackrest_copy.require_copy(self.read_records().records, theirs, target.repository)
        _pgbackrest_copy.copy_stanza(source, place, self.stanza, self.deadline)

    def ship_log(self) -> dict[str, Any]:
        return ship_log(self.live, self.tool, self._known_info(), self.segments)

    def await_log(self, segment: str) -> dict[str, Any]:
        timeline, number = self.segments.parse(segment)
        end = self.segments.end(number)
        return {
            "segment": segment,
            "lsn": f"{end >> 32:X}/{end & 0xFFFFFFFF:X}",
            "timeline": timeline,
            "stored_as": await_segment(self.tool, self._known_info(), segment),
        }

    @property
    def examining_host(self) -> str | None:
        # pgBackRest 2.45 breaks off its verification when the repository is behind ssh.
        return configured_hosts(self.tool).get(f"repo{self.repository.number}-host")

    def examine(self, records: list[BackupRecord]) -> dict[str, Examination]:
        self._info = None
        archive = self._read_archive()
        findings = _pgbackrest_verify.verify(self.tool, self.repository, [record.id for record in records])
        return {record.id: examination(record, findings, archive) for record in records}

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
        pages = _postgresql_recovery.check_pages(self.live.binary_directory, scratch, instance)
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
        archive = self._read_archive()
        ours = self._of_this_system(records)
        record, window = choose(ours, archive, target, backup=backup, timeline=timeline)
        require_programs(self.live, record)
        last = max(window.until_lsn - self.segments.segment_bytes, 0)
        said = window.as_result()
        preflight = [
            Finding("backup", True, f"{record.id}, {record.trust.level}", "finished before the target, undamaged"),
            Finding("window", True, f"{said['from_at']} to {said['until_at']} without a gap", str(target)),
            Finding("timeline", True, f"{record.timeline} leads to {window.timeline}", str(window.timeline)),
            Finding("version", True, record.server_version, self.live.version),
        ]
        return RestorePlan(record, target, window.timeline, last, preflight, selection)

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
        tablespaces = directory.with_name(directory.name + ".tablespaces")
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

    def open_beside(self, directory: Path, reached: Reached, *, port: int | None) -> Reached:
        opened = _postgresql_recovery.open_for_writes(self._instance(directory, port))
        return replace(reached, timeline=opened.timeline)

    def prepare_in_place(self, plan: RestorePlan, staged: Path, live: Path) -> None:
        settle(staged, plan.target, plan.timeline, self._restore_command(live))

    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        return open_live(self.live)

    def stop(self, directory: Path) -> None:
        self._instance(directory, None).stop()

    def _instance(self, directory: Path, port: int | None) -> Instance:
        return Instance(directory, self.live.binary_directory, port or self.live.port, self.deadline)

    def _restore_command(self, directory: Path) -> str:
        argv = self.tool.argv("archive-get", f"--pg1-path={directory}")
        return " ".join(shlex.quote(word) for word in argv) + ' %f "%p"'
