# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Backups of a PostgreSQL cluster in a repository of pgBackRest: everything but restoring them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import (
    _pgbackrest_copy,
    _pgbackrest_verify,
    _postgresql_idle,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._last_seen import LastSeen
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    configuration_file_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_backup import (
    SET,
    await_segment,
    configured_hosts,
    examination,
    forget_backups,
    require_right_host,
    ship_log,
    take_backup,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_catalogue import (
    StanzaInfo,
    read_archive,
    read_info_as_known,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import (
    LiveCluster,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_needs import (
    NEEDS,
    needs_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    Archive,
    Segments,
    lsn_text,
    window_of,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Engine,
    Examination,
    ServerAnswer,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    LogGapError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


class PgBackRestEngine(Engine):
    """The half of the engine that takes, lists, ships, copies and removes. Restoring is the other half's."""

    def begin(self) -> None:
        file, stanza = self.configuration_file or configuration_file_of(self.repository), str(self.options["stanza"])
        self.tool = PgBackRest(file, stanza, self.repository.number, self.deadline, self.jobs)
        self.live = LiveCluster.of(self.options, self.deadline)
        self.segments = Segments(int(self.options["wal_segment_bytes"]))
        # A piece of the log that a server of ours writes, and one that it makes ready.
        self.server_bytes = 2 * self.segments.segment_bytes
        self._info: StanzaInfo | None = None

    @property
    def last_seen(self) -> LastSeen | None:
        """The newest backup that this host saw in the repository before."""
        directory = self.memory_directory
        return None if directory is None else LastSeen(directory, f"{self.stanza}-{self.repository.name}")

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
        self._info = None
        info = self._known_info()
        return Catalogue(info.records, [], None, info.system_identifier, info.is_backup_running)

    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        info, windows = self._known_info(), windows_of(self._of_this_system(records), self._read_archive())
        newest = max((window.until_at for window in windows), default=None)
        told = [each.as_result() for each in windows]
        return Catalogue(records, told, newest, info.system_identifier, info.is_backup_running)

    def ask_server(self, catalogue: Catalogue) -> ServerAnswer | None:
        return _postgresql_idle.ask(self.live, catalogue)

    def _known_info(self) -> StanzaInfo:
        """What pgBackRest says, asked once; a repository that lost the newest backup is refused."""
        if self._info is None:
            self._info = read_info_as_known(self.tool, self.repository, self.last_seen)
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
        notes = {SET: self.consistency_id, NEEDS: needs_of(self.live)}
        return take_backup(self.tool, strategy, self.repository, notes)

    def prove_complete(self, record: BackupRecord) -> None:
        if window_of(record, record.timeline, self._read_archive()) is None:
            raise LogGapError(
                f"find the log of backup {record.id} in {self.repository}",
                cause=f"the archive does not hold all of {record.wal_start} to {record.wal_stop}",
                next_action="Look at archive_command and at the server's log, then take another backup",
            )

    def forget(self, records: list[BackupRecord]) -> None:
        gone = {record.id for record in records}
        left = [record for record in self._known_info().records if record.id not in gone]
        self._info = None
        forget_backups(self.tool, records, left, self.repository)

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
        stored = await_segment(self.tool, self._known_info(), segment)
        lsn = lsn_text(self.segments.end(number))
        return {"segment": segment, "lsn": lsn, "timeline": timeline, "stored_as": stored}

    @property
    def examining_host(self) -> str | None:
        # pgBackRest 2.45 breaks off its verification when the repository is behind ssh.
        return configured_hosts(self.tool).get(f"repo{self.repository.number}-host")

    def examine(self, records: list[BackupRecord]) -> dict[str, Examination]:
        self._info = None
        archive = self._read_archive()
        findings = _pgbackrest_verify.verify(self.tool, self.repository, [record.id for record in records])
        return {record.id: examination(record, findings, archive) for record in records}
