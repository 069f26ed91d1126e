# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""MariaDB with mariadb-backup, its binary log, and restic."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import (
    _mariadb_idle,
    _mariadb_replay,
    _mariadb_restore,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import LOG_STRATEGY
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_choice import (
    Way,
    choose,
    preflight_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_instance import Instance
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_keeping import Keeping
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import LiveServer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log_files import state_or_dead
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    Programs,
    identity_of,
    process_of,
    series_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_replay import (
    Ending,
    Proven,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_shipping import (
    ship_log,
    shipped_log,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_taking import (
    Labels,
    take_backup,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_engine import ResticEngine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Check,
    Look,
    Reached,
    RestorePlan,
    Selection,
    ServerAnswer,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget


class MariadbEngine(ResticEngine):
    NAME: str = "mariadb"
    STRATEGIES: tuple[str, ...] = ("full", "differential", "incremental", "transaction_log")
    TARGETS: tuple[str, ...] = ("latest", "immediate", "time", "log_position", "gtid")
    PARTS: tuple[str, ...] = ("databases", "tables")
    KEEPER: type[Keeper] = Keeping
    # By MariaDB's defaults, which our own has: 96 MiB of redo log, 12 MiB for temporary tables, and some more.
    server_bytes: int = 112 * 1024**2

    keeper: Keeping

    def begin(self) -> None:
        self.programs = Programs(str(self.options["version"]), str(self.options["user"]), self.deadline)
        self.live = LiveServer.of(self.options, self.programs)
        self._proven: Proven | None = None
        super().begin()

    @property
    def stanza(self) -> str:
        return str(self.options["stanza"])

    @property
    def live_directory(self) -> Path:
        return self.live.data_directory

    @property
    def default_port(self) -> int:
        return self.live.port

    def read_records(self) -> Catalogue:
        holdings = self.keeper.holdings
        return Catalogue(holdings.records, [], None, holdings.system_identifier, self.keeper.is_backup_running)

    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        holdings = self.keeper.holdings
        windows = holdings.windows(records)
        newest = max((window.until_at for window in windows), default=None)
        said = [window.as_result() for window in windows]
        return Catalogue(records, said, newest, holdings.system_identifier, self.keeper.is_backup_running)

    def ask_server(self, catalogue: Catalogue) -> ServerAnswer | None:
        return _mariadb_idle.ask(self.live, self.keeper.holdings, catalogue.records)

    def require_here(self, strategy: str) -> None:
        self.programs.require_series(f"take a {strategy} backup of stanza {self.stanza} here")
        if strategy == LOG_STRATEGY:
            state_or_dead(self.live)
        else:
            self.live.require_state()

    def require_parts(self, wanted: dict[str, list[str]], *, is_in_place: bool) -> None:
        super().require_parts(wanted, is_in_place=is_in_place)
        _mariadb_restore.require_possible(wanted, is_in_place=is_in_place)

    def take(self, strategy: str) -> Taken:
        labels = Labels(self.consistency_id, self.repository.key_id)
        return take_backup(self.live, self.keeper, strategy, jobs=self.jobs, labels=labels)

    def prove_complete(self, record: BackupRecord) -> None:
        known = {each.id: each for each in self.keeper.holdings.records}
        missing = [each for each in (*record.chain, record.id) if each not in known or not known[each].is_usable]
        if missing:
            raise IntegrityError(
                f"find the chain of backup {record.id} in {self.repository}",
                cause=f"{missing[0]} is missing or damaged",
                next_action="Take a full backup",
            )

    def ship_log(self) -> dict[str, Any]:
        return ship_log(self.live, self.keeper, self._log_basename)

    def await_log(self, segment: str) -> dict[str, Any]:
        return ship_log(self.live, self.keeper, self._log_basename, segment=segment)

    @property
    def _log_basename(self) -> str:
        """Where the server writes its log, as the options or the newest backup have it."""
        known = [each.log_basename for each in self.keeper.holdings.facts.values()]
        return str(self.options["binary_log"] or (known[-1] if known else ""))

    def find_log(self, segment: str) -> dict[str, Any] | None:
        return shipped_log(self.keeper.holdings, segment)

    def log_of(self, records: list[BackupRecord]) -> list[BackupRecord]:
        return self.keeper.log_of(records)

    def rehearse(self, record: BackupRecord, scratch: Path, checks: list[Check]) -> dict[str, Any]:
        plan = RestorePlan(record, RecoveryTarget("immediate"), record.timeline)
        instance = self._instance(record, scratch)
        self.lay_down(plan, scratch)
        try:
            instance.start("--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0")
            found = self.look_into(plan, scratch, Look(checks), port=None, may_write=False)
        finally:
            instance.stop()
        reached = reached_at(_mariadb_replay.ending_of(self._way(plan), [], scratch))
        return {"reached": reached.as_result(), **found}

    def plan_restore(
        self,
        records: list[BackupRecord],
        target: RecoveryTarget,
        *,
        backup: str | None,
        timeline: int | None,
        selection: Selection,
    ) -> RestorePlan:
        holdings = self.keeper.holdings
        way = choose(records, holdings.starts, holdings.archive, target, backup=backup, timeline=timeline)
        self._require_programs(way.record)
        log_bytes = sum(each.log.size_bytes for each in _mariadb_replay.needed(way, target))
        preflight = preflight_of(way, target, log_bytes, self.programs.series)
        # What is replayed lies there as it was shipped, as the server logs it again, and in the data.
        size = way.record.size_bytes + 3 * log_bytes + self.server_bytes
        return RestorePlan(way.record, target, way.window.timeline, 0, preflight, selection, size)

    def _require_programs(self, record: BackupRecord) -> None:
        what = f"restore backup {record.id}"
        if series_of(record.server_version) != self.programs.series:
            raise VersionError(
                what,
                cause=f"it is of MariaDB {record.server_version}, wanted is {self.programs.series}",
                next_action="Set engine.mariadb.version to the version of the backup",
            )
        self.programs.require_series(what)

    def identity_at(self, directory: Path) -> str | None:
        return identity_of(directory)

    def is_running(self, directory: Path) -> bool:
        return process_of(directory) is not None

    def lay_down(self, plan: RestorePlan, directory: Path) -> None:
        # Beside the data: what mariadb-backup does not know in it, it removes when it prepares.
        increment = directory.with_name(f"{directory.name}.increment")
        for number, backup in enumerate((*plan.record.chain, plan.record.id)):
            into = increment if number else directory
            into.mkdir(mode=0o700, exist_ok=True)
            try:
                self.programs.own(into)
                self.keeper.pour(backup, self.programs.argv("mbstream", "-x", "-C", str(into)))
                _mariadb_restore.prepare(self.programs, directory, increment if number else None)
            finally:
                shutil.rmtree(increment, ignore_errors=True)
        _mariadb_restore.require_prepared(directory, plan.record)

    def prove(self, plan: RestorePlan, directory: Path, *, port: int | None, listen: str = "") -> Reached:
        instance, way = self._instance(plan.record, directory), self._way(plan)
        logs = instance.own / "logs"
        stretches = _mariadb_replay.needed(way, plan.target)
        if stretches:
            instance.make_room()
            self.keeper.fetch([each.log for each in stretches], logs)
            self.programs.own(logs)
            _mariadb_replay.require_same(stretches, logs)
            stretches = _mariadb_replay.cut(stretches, plan.target, logs)
        ending = _mariadb_replay.ending_of(way, stretches, logs)
        if stretches:
            _mariadb_replay.replay(instance, way, stretches, logs, ending)
        instance.forget_replay()
        instance.start("--skip-grant-tables")
        self._proven = Proven(ending, instance.names_are_lower_case, listen, plan.selection)
        return reached_at(ending)

    def look_into(
        self, plan: RestorePlan, directory: Path, look: Look, *, port: int | None, may_write: bool
    ) -> dict[str, Any]:
        instance, database = self._instance(plan.record, directory), str(self.options["database"] or "")
        answers = _mariadb_restore.question(instance, look.checks, database)
        if not look.goes_on(answers):
            return {"checks": answers}
        return {"checks": answers, **_mariadb_restore.look_through(instance)}

    def open_beside(self, directory: Path, reached: Reached, *, port: int | None, runs: bool) -> Reached:
        proven = self._require_proven()
        instance = Instance(directory, self.programs, proven.names_are_lower_case)
        if not proven.selection.is_everything:
            # It is taken apart as it stands: nobody has to log in, and nobody else can.
            if instance.process_id is None:
                instance.require_clean_end()
                instance.start("--skip-grant-tables")
            return reached
        instance.stop()
        instance.require_clean_end()
        if runs:
            instance.start(port=port if proven.listen else None, outlives_us=True)
        return reached

    def extract(
        self, directory: Path, selection: Selection, destination: Path, *, port: int | None
    ) -> list[dict[str, Any]]:
        instance = Instance(directory, self.programs, self._require_proven().names_are_lower_case)
        found, self._notes = _mariadb_restore.extract(instance, selection, destination)
        return found

    def prepare_in_place(self, plan: RestorePlan, staged: Path, live: Path) -> None:
        proven, archive = self._require_proven(), self.keeper.holdings.archive
        instance = Instance(staged, self.programs)
        instance.require_clean_end()
        basename = str(self.options["binary_log"] or self.keeper.holdings.facts[plan.record.id].log_basename)
        history = archive.history(proven.ending.timeline).after(
            max(archive.timelines) + 1, proven.ending.position, _mariadb_restore.next_log_number(basename, live)
        )
        _mariadb_restore.settle(instance, history)

    def _require_proven(self) -> Proven:
        if self._proven is None:
            raise AssertionError("prove() comes first")
        return self._proven

    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        state = self.live.open()
        return Reached(None, None, self.live.history.timeline, f"open, GTID {state.gtids or 'none'}")

    def reopen(self, live: Path) -> None:
        self.live.open()

    def stop(self, directory: Path) -> None:
        Instance(directory, self.programs).stop()

    def _instance(self, record: BackupRecord, directory: Path) -> Instance:
        return Instance(directory, self.programs, self.keeper.holdings.facts[record.id].names_are_lower_case)

    def _way(self, plan: RestorePlan) -> Way:
        """The way that the plan was made from; reading the repository again must not change it."""
        holdings = self.keeper.holdings
        return choose(
            [plan.record], holdings.starts, holdings.archive, plan.target, backup=plan.record.id, timeline=plan.timeline
        )


def reached_at(ending: Ending) -> Reached:
    by = f"binary log {ending.position}, GTID {ending.gtid or 'none'}"
    return Reached(None, ending.at, ending.timeline, by, log_position=str(ending.position))
