# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The backups and the shipped log of a MariaDB server, read from its repository."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    ArchivedLog,
    History,
    LogArchive,
    LogWindow,
    StartPoint,
    window_of,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    Listing,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

LOG_STRATEGY = "transaction_log"
# One tag for each file of a shipment, numbered so that their order stays.
LOG_TAG = "log."


@dataclass(frozen=True)
class Facts:
    """What a backup's record says beyond what every engine's does."""

    gtids: str
    server_id: int
    log_basename: str
    names_are_lower_case: int

    def as_tags(self) -> dict[str, str]:
        return {
            "gtid": self.gtids,
            "server_id": str(self.server_id),
            "basename": self.log_basename,
            "lower_case": str(self.names_are_lower_case),
        }

    @classmethod
    def of(cls, tags: dict[str, str]) -> Facts:
        return cls(tags.get("gtid", ""), int(tags["server_id"]), tags.get("basename", ""), int(tags["lower_case"]))


@dataclass(frozen=True)
class Holdings:
    """Everything that a repository holds of one server."""

    records: list[BackupRecord] = field(default_factory=list)
    facts: dict[str, Facts] = field(default_factory=dict)
    archive: LogArchive = field(default_factory=LogArchive)

    @property
    def system_identifier(self) -> str:
        known = [record.system_identifier for record in self.records if record.is_complete]
        return known[-1] if known else ""

    def shipments_before(self, backups: list[BackupRecord]) -> set[str]:
        """The shipments of the log that ended before the oldest of some backups began, so that none needs them."""
        if not backups:
            return set()
        second = min(record.started_at for record in backups).timestamp()
        ends: dict[str, int] = {}
        for log in self.archive.logs:
            ends[log.shipment] = max(ends.get(log.shipment, 0), log.ended_at)
        return {shipment for shipment, end in ends.items() if end < second}

    @property
    def starts(self) -> dict[str, StartPoint]:
        """Where each backup stands in the log; one that was taken without a log stands nowhere in it."""
        return {
            record.id: StartPoint(
                record.id,
                LogPosition.parse(record.log_position),
                parse_gtids(self.facts[record.id].gtids),
                self.facts[record.id].server_id,
                record.timeline,
                record.stopped_at,
            )
            for record in self.records
            if record.id in self.facts and record.log_position
        }

    def windows(self, records: list[BackupRecord]) -> list[LogWindow]:
        starts = self.starts
        found = [
            window_of(starts[record.id], self.facts[record.id].gtids, timeline, self.archive)
            for record in records
            if record.is_usable and record.id in starts
            for timeline in self.archive.timelines
        ]
        return windows_of(each for each in found if each is not None)

    def gaps(self) -> list[str]:
        """Where files are missing between the ones that are there."""
        in_order = sorted(
            self.archive.logs, key=lambda each: (each.timeline, each.server_id, each.created_at, each.number)
        )
        return [
            f"between {log.name} and {following.name}"
            for log, following in zip(in_order, in_order[1:], strict=False)
            if (log.timeline, log.server_id) == (following.timeline, following.server_id)
            and not (following.number == log.number + 1 and following.follows(log))
            and not (following.number == log.number and following.sha256 == log.sha256)
        ]


def read_holdings(listing: Listing, what: str) -> Holdings:
    """The backups, and the log, out of restic's list; a record that is not understood is a failure."""
    try:
        shipments = [each for each in listing.records if each.strategy == LOG_STRATEGY and each.is_complete]
        backups = [each for each in listing.records if each not in shipments]
        logs = [
            ArchivedLog.parse(record.id, value)
            for record in shipments
            for name, value in sorted(listing.tags[record.id].items())
            if name.startswith(LOG_TAG)
        ]
        return Holdings(
            [replace(each, timeline=int(listing.tags.get(each.id, {}).get("timeline", 0))) for each in backups],
            {each.id: Facts.of(listing.tags[each.id]) for each in backups if each.is_complete},
            LogArchive(logs, histories_of([tags["history"] for tags in listing.tags.values()])),
        )
    except (KeyError, ValueError) as error:
        raise ToolError(
            what,
            cause=f"the tags of a backup lack or garble {error}",
            next_action="Compare the version of this collection with the one that took the backups",
        ) from error


def histories_of(texts: list[str]) -> dict[int, History]:
    """The histories by their timelines."""
    found = [History.parse(text) for text in dict.fromkeys(texts)]
    return {history.timeline: history for history in found}
