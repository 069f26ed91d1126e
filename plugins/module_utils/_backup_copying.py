# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Copying backups: wanted is that a second repository holds them, whole."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    LeaseError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger


class BackupCopying:
    """A Subject: what of the backups in one repository another one holds."""

    def __init__(
        self,
        source: Engine,
        target: Engine,
        *,
        source_ledger: TrustLedger,
        target_ledger: TrustLedger,
        backups: list[str],
        check: bool,
    ) -> None:
        if source.repository.name == target.repository.name or source.repository.place == target.repository.place:
            raise InputError(
                "read the option target",
                cause=f"{target.repository} is the one that is copied",
                next_action="Name another repository",
            )
        self.source = source
        self.target = target
        self.source_ledger = source_ledger
        self.target_ledger = target_ledger
        self.backups = backups
        self.check = check
        self.wanted: list[BackupRecord] = []
        # What of the log goes with them, where it is kept in pieces of its own.
        self.log: list[BackupRecord] = []
        self.copies: dict[str, str] = {}
        self.newly_copied: list[str] = []
        self.notes: list[str] = []

    def describe(self) -> Description:
        if not self.wanted:
            self.wanted = self._choose()
            self.log = self.source.log_of(self.wanted)
        self.copies = self.source.find_copies(self.target, [*self.wanted, *self.log])
        return {
            "copied": [record.id for record in self.wanted if record.id in self.copies],
            "log": [record.id for record in self.log if record.id in self.copies],
        }

    def _choose(self) -> list[BackupRecord]:
        """Once: what is taken or shipped meanwhile is for the next time."""
        catalogue = self.source.read_records()
        records = self.source_ledger.judge(catalogue.records)
        usable = [record for record in records if record.is_usable and (not self.backups or record.id in self.backups)]
        missing = set(self.backups) - {record.id for record in usable}
        if missing or not usable:
            raise RepositoryError(
                f"copy {', '.join(sorted(missing)) or 'the backups'} from {self.source.repository}",
                cause="it holds no usable backup" if not missing else "there is no usable backup of that name",
                next_action="List what is there with backup_info, or take a backup first",
            )
        if catalogue.is_backup_running:
            raise LeaseError(
                f"copy the backups of stanza {self.source.stanza}",
                cause="a backup of this stanza is running",
                next_action="Wait until it has ended",
            )
        return usable

    def plan(self, before: Description) -> Description:
        return {"copied": [record.id for record in self.wanted], "log": [record.id for record in self.log]}

    def apply(self, before: Description, after: Description) -> None:
        every = [*self.wanted, *self.log]
        going = [record for record in every if record.id not in self.copies]
        if self.check:
            self.target_ledger.require_writable()
        self.source.copy_to(self.target, going)
        self.copies = self.source.find_copies(self.target, every)
        incomplete = [record.id for record in going if record.id not in self.copies]
        if incomplete:
            raise IntegrityError(
                f"copy {len(going)} backups and pieces of log to {self.target.repository}",
                cause=f"the tool reported success, and these are not there as a whole: {', '.join(incomplete)}",
                next_action="Run again; when it stays so, look at the room and the rights at the target",
                evidence={"incomplete": incomplete, "copied": sorted(self.copies)},
            )
        self.newly_copied = [record.id for record in self.wanted if record in going]
        if self.check:
            self._check([self.copies[record.id] for record in going])

    def _check(self, names: list[str]) -> None:
        """Read every byte of the copies where they lie: the evidence for the originals says nothing about them."""
        if self.target.examining_host is not None:
            self.notes.append(f"The copies can be checked on {self.target.examining_host} only")
            return
        listed = self.target.read_records().records
        backups = [record for record in listed if record.id in names]
        records = [*backups, *(record for record in self.target.log_of(listed) if record.id in names)]
        found = self.target.examine(records)
        bad = {record.id: found[record.id].errors for record in records if found[record.id].errors}
        for record in backups:
            if record.id in bad:
                self.target_ledger.note_failure(record, bad[record.id], found[record.id].evidence)
            else:
                self.target_ledger.note_success(record, "checked", {"checked": found[record.id].evidence})
        if bad or len(records) != len(names):
            raise IntegrityError(
                f"check the copies in {self.target.repository}",
                cause="; ".join(f"{name}: {', '.join(errors)}" for name, errors in bad.items())
                or "some are not listed",
                next_action="Check the originals too, and copy them again",
                evidence={"bad": bad},
            )

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "stanza": self.source.stanza,
            "source": self.source.repository.name,
            "target": self.target.repository.name,
            "wanted": len(self.wanted),
            "there": len([record for record in self.wanted if record.id in self.copies]),
            "log": {"wanted": len(self.log), "there": len([each for each in self.log if each.id in self.copies])},
            "newly_copied": self.newly_copied,
        }

    def results(self, after: Description) -> dict[str, Any]:
        copies = [
            {"id": record.id, "copy": self.copies.get(record.id), "stored_bytes": record.stored_bytes}
            for record in self.wanted
        ]
        log = [{"id": record.id, "copy": self.copies.get(record.id)} for record in self.log]
        missing = [record.id for record in [*self.wanted, *self.log] if record.id not in self.copies]
        return {
            "copies": copies,
            "log": log,
            "missing": missing,
            "newly_copied": self.newly_copied,
            "tape": None,
            "notes": self.notes,
        }
