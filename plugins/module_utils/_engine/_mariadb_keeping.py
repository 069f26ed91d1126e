# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A MariaDB server's backups and shipped log in a restic repository: listing, reading and forgetting them."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    Holdings,
    read_holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import ArchivedLog
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_check import check_repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import (
    Keeper,
    examination,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    read_stream,
    restore_snapshot,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Examination
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

STREAM_FILE = "backup.mbstream"


class Keeping(Keeper):
    """The backups of one stanza in one repository, and the log that was shipped with them."""

    @property
    def holdings(self) -> Holdings:
        what = f"read the backups of stanza {self.stanza} in {self.repository}"
        return read_holdings(self.listing(), what)

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
        listing, gone = self.listing(), {record.id for record in records}
        holdings = read_holdings(listing, f"remove backups from {self.repository}")
        kept = [record for record in holdings.records if record.id not in gone and record.is_complete]
        unneeded = holdings.shipments_before(kept)
        super().forget([*records, *(record for record in listing.records if record.id in unneeded)])

    def log_of(self, records: list[BackupRecord]) -> list[BackupRecord]:
        """The shipments that any of these backups, or what it builds on, can be recovered with; oldest first."""
        holdings = self.holdings
        members = {name for record in records for name in (record.id, *record.chain)}
        begun = [record for record in holdings.records if record.id in members]
        wanted = {log.shipment for log in holdings.archive.logs} - holdings.shipments_before(begun)
        return [record for record in self.listing().records if begun and record.id in wanted]

    def examine(self, records: list[BackupRecord], *, subset: str | None = None) -> dict[str, Examination]:
        """Read the repository; the log is not a part of a backup, so its damage is told and speaks against none."""
        condition = check_repository(self.tool, f"read {self.repository}", subset=subset)
        listing = self.listing()
        shipments = [each for each in listing.records if condition.against(set(listing.snapshots_of(each)))]
        hit = {each.id for each in shipments}
        damaged = sorted({log.name for log in self.holdings.archive.logs if log.shipment in hit})
        found = {record.id: examination(record, condition, listing, subset) for record in records}
        return {
            name: Examination(each.errors, {**each.evidence, "damaged_log_files": damaged})
            for name, each in found.items()
        }
