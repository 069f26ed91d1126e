# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Applying a retention policy: wanted is that a repository holds the kept backups and no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    LeaseError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention import (
    Retained,
    RetentionPolicy,
    needs,
    retain,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger

# Clocks differ a little; what lies further ahead comes from a wrong one.
FUTURE_TOLERATED = timedelta(hours=1)


class RetentionApplying:
    """A Subject: the backups of one stanza in one repository."""

    def __init__(
        self,
        engine: Engine,
        ledger: TrustLedger,
        policy: RetentionPolicy,
        *,
        sets: list[str],
        unfinished_after_seconds: float,
    ) -> None:
        self.engine = engine
        self.ledger = ledger
        self.policy = policy
        self.sets = sets
        self.unfinished_after = timedelta(seconds=unfinished_after_seconds)
        self.records: list[BackupRecord] = []
        self.outcome: Retained | None = None
        self.is_backup_running = False

    def describe(self) -> Description:
        catalogue = self.engine.read_records()
        self.is_backup_running = catalogue.is_backup_running
        self.records = self.ledger.judge(catalogue.records)
        return {"backups": [record.id for record in self.records]}

    def plan(self, before: Description) -> Description:
        self._require_right_clocks()
        self.outcome = retain(self.records, self.policy, sets=self.sets, unfinished_after=self.unfinished_after)
        if self.outcome.removable and self.is_backup_running:
            raise LeaseError(
                f"apply the retention policy to stanza {self.engine.stanza}",
                cause="a backup of this stanza is running, and may build on what would go",
                next_action="Wait until it has ended",
            )
        kept = set(self.outcome.kept)
        return {"backups": [name for name in before["backups"] if name in kept]}

    def _require_right_clocks(self) -> None:
        """A backup from the future would make every other one look old."""
        ahead = [record for record in self.records if record.stopped_at > now() + FUTURE_TOLERATED]
        if ahead:
            raise PreconditionError(
                f"count the ages of the backups in {self.engine.repository}",
                cause=f"it is {written(now())} here, and backup {ahead[-1].id} ended {written(ahead[-1].stopped_at)}",
                next_action="Correct the clock of this host; if it is right, remove that backup with its own tool",
            )

    def apply(self, before: Description, after: Description) -> None:
        going = self._outcome().removable
        try:
            self.engine.forget(going)
        except RecoveryError as error:
            raise self._refused(going, error) from error
        still_there = self._still_there(going)
        if still_there:
            raise RepositoryError(
                f"remove {len(going)} backups from {self.engine.repository}",
                cause=f"the tool reported success, and these are still listed: {', '.join(still_there)}",
                next_action="See whether the store protects them, as an object lock does",
                evidence={"kept_anyway": still_there},
            )

    def _refused(self, going: list[BackupRecord], error: RecoveryError) -> RecoveryError:
        """The same kind of error, with what is there anyway; when not even that can be read, all of it counts."""
        try:
            still_there = self._still_there(going)
        except RecoveryError:
            still_there = [record.id for record in going]
        removed = [record.id for record in going if record.id not in still_there]
        return type(error)(
            f"remove {len(going)} backups from {self.engine.repository}",
            cause=f"{error.cause}; kept anyway: {', '.join(still_there) or 'none'}",
            next_action=error.next_action,
            code=error.error_code,
            evidence={**error.evidence, "kept_anyway": still_there, "removed": removed},
            completed_steps=[f"removed {name}" for name in removed],
        )

    def _still_there(self, going: list[BackupRecord]) -> list[str]:
        listed = {record.id for record in self.engine.read_records().records}
        return [record.id for record in going if record.id in listed]

    def _outcome(self) -> Retained:
        if self.outcome is None:
            raise AssertionError("plan() comes first")
        return self.outcome

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "stanza": self.engine.stanza,
            "repository": self.engine.repository.name,
            "kept": after["backups"],
            "removed": [name for name in before["backups"] if name not in after["backups"]],
        }

    def results(self, after: Description) -> dict[str, Any]:
        outcome = self._outcome()
        kept = [
            {**told(record), "trust": record.trust.level, "reasons": reasons}
            for record in self.records
            if (reasons := outcome.reasons.get(record.id)) is not None
        ]
        removed = [{**told(record), "stored_bytes": record.changed_bytes} for record in outcome.removable]
        return {"kept": kept, "removed": removed, "kept_sets": outcome.sets}


def told(record: BackupRecord) -> dict[str, Any]:
    """What is said of every backup: also what it ties together, for who joins the outcomes of several calls."""
    return {
        "id": record.id,
        "stopped_at": written(record.stopped_at),
        "consistency_id": record.consistency_id,
        "needs": sorted(needs(record)),
    }
