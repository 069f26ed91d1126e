# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A MariaDB server's backups and shipped log in a restic repository: listing, reading, judging and forgetting them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    Holdings,
    read_holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import ArchivedLog
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_check import check_repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    forget_snapshots,
    list_snapshots,
    read_stream,
    restore_snapshot,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Examination
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

STREAM_FILE = "backup.mbstream"


@dataclass
class Keeping:
    """The backups of one stanza in one repository; what was listed is remembered until something changes."""

    configuration_file: str
    stanza: str
    engine: str
    repository: Repository
    deadline: Deadline
    _tool: Restic | None = field(default=None, repr=False)
    _holdings: Holdings | None = field(default=None, repr=False)

    @property
    def tool(self) -> Restic:
        """restic with its settings, which are read when they are needed: removing a copy needs none."""
        if self._tool is None:
            self._tool = Restic.of(self.configuration_file, self.deadline)
        return self._tool

    @property
    def holdings(self) -> Holdings:
        return self.read() if self._holdings is None else self._holdings

    def read(self) -> Holdings:
        """Everything that the repository holds of this server, out of one listing."""
        what = f"read the backups of stanza {self.stanza} in {self.repository}"
        listed = list_snapshots(self.tool, what, self.stanza)
        self._holdings = read_holdings(
            listed, stanza=self.stanza, engine=self.engine, repository=self.repository.name, what=what
        )
        return self._holdings

    def changed(self) -> None:
        self._holdings = None

    def pour(self, backup: str, unpack: list[str]) -> None:
        """Let a program unpack a backup's stream; neither end alone decides that it was all."""
        what = f"read backup {backup} from {self.repository}"

        def judge(ending: Finished) -> None:
            if ending.rc != 0:
                raise ToolError(
                    what,
                    cause=f"mbstream ended with {ending.rc}: {ending.last_lines or 'it said nothing'}",
                    next_action="Look at the room on the disk; if there is enough, use another backup",
                )

        read_stream(self.tool, what, backup, STREAM_FILE, unpack, judge=judge)

    def fetch(self, logs: list[ArchivedLog], directory: Path) -> None:
        """Put files of the binary log below a directory, each where its shipment keeps it."""
        directory.mkdir(mode=0o700)
        for shipment in dict.fromkeys(each.shipment for each in logs):
            what = f"read shipment {shipment} of the binary log from {self.repository}"
            target = directory / shipment
            target.mkdir(mode=0o700)
            restore_snapshot(self.tool, what, shipment, target)
            for log in (each for each in logs if each.shipment == shipment):
                found = [path for path in target.rglob(log.name) if path.is_file() and not path.is_symlink()]
                if len(found) != 1:
                    raise IntegrityError(
                        what, cause=f"{log.name} is not in it", next_action="Check the repository with backup_verify"
                    )
                found[0].rename(directory / log.place)

    def forget(self, records: list[BackupRecord]) -> None:
        """Remove backups, and the log that ends before the oldest of the others begins."""
        holdings, gone = self.holdings, {record.id for record in records}
        kept = [record for record in holdings.records if record.id not in gone and record.is_complete]
        snapshots = [each for record in records for each in holdings.snapshots.get(record.id, [record.id])]
        if kept:
            oldest = min(record.started_at for record in kept).timestamp()
            snapshots += holdings.shipments_before(oldest)
        what = f"remove {len(records)} backups of stanza {self.stanza} from {self.repository}"
        forget_snapshots(self.tool, what, snapshots + holdings.strays, self.stanza)
        self.changed()

    def examine(self, records: list[BackupRecord]) -> dict[str, Examination]:
        """Read the whole repository; a backup is hit by what hits its chain."""
        what = f"check stanza {self.stanza} in {self.repository}"
        holdings, condition = self.holdings, check_repository(self.tool, what)
        found = {}
        for record in records:
            chain = [*record.chain, record.id]
            needed = {each for member in chain for each in holdings.snapshots.get(member, [member])}
            damaged = [log.name for log in holdings.archive.logs if condition.against({log.shipment}) and condition.hit]
            evidence = {
                "packs_read": condition.packs_read,
                "snapshots_read": condition.snapshots_read,
                "backups": len(chain),
                "damaged_log_files": damaged,
            }
            found[record.id] = Examination(condition.against(needed), evidence)
        return found
