# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Taking a backup: wanted is that there is one not older than an instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._anomaly import AnomalyRules, anomalies_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Catalogue, Engine, Taken
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    LeaseError,
    SpaceError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger

# A fuller backup serves whoever wanted a smaller one.
SERVES = {
    "full": {"full"},
    "differential": {"full", "differential"},
    "incremental": {"full", "differential", "incremental"},
    "snapshot": {"snapshot"},
}

# They build on nothing.
STAND_ALONE = ("full", "snapshot")


class BackupTaking:
    """A Subject: the newest backup of a strategy."""

    def __init__(
        self,
        engine: Engine,
        ledger: TrustLedger,
        strategy: str,
        *,
        unless_newer_than_seconds: float | None,
        rules: AnomalyRules,
        check: bool,
    ) -> None:
        engine.require_strategy(strategy)
        self.engine = engine
        self.ledger = ledger
        self.strategy = strategy
        # pgBackRest counts whole seconds, so a backup that starts at once may carry the second that has begun.
        begun = now().replace(microsecond=0)
        self.wanted_since: datetime = begun - timedelta(seconds=unless_newer_than_seconds or 0)
        self.must_be_new = unless_newer_than_seconds is None
        self.rules = rules
        self.check = check
        self.catalogue: Catalogue | None = None
        self.known: set[str] | None = None
        self.taken: Taken | None = None
        self.notes: list[str] = []

    def describe(self) -> Description:
        if self.known is None:
            self.engine.require_here(self.strategy)
            self.engine.repository.require_ready()
        catalogue = self.engine.read_records()
        self.catalogue = catalogue
        if self.known is None:
            self.known = {record.id for record in catalogue.records} if self.must_be_new else set()
        newest = self._wanted_record()
        return {"strategy": self.strategy, "since": written(self.wanted_since), "has_wanted_backup": newest is not None}

    def _wanted_record(self) -> BackupRecord | None:
        """The newest backup that serves, judged by what is known of it."""
        if self.catalogue is None:
            return None
        if self.taken is not None:
            named = [record for record in self.catalogue.records if record.id == self.taken.id]
            return self.ledger.judge(named)[0] if named and named[0].is_usable else None
        serving = [
            record
            for record in self.ledger.judge(self.catalogue.records)
            if record.is_usable
            and record.strategy in SERVES[self.strategy]
            and record.stopped_at >= self.wanted_since
            and record.id not in (self.known or set())
        ]
        return serving[-1] if serving else None

    def plan(self, before: Description) -> Description:
        if before["has_wanted_backup"]:
            return before
        if self.catalogue is None:
            raise AssertionError("describe() comes first")
        if self.catalogue.is_backup_running:
            raise LeaseError(
                f"take a {self.strategy} backup of stanza {self.engine.stanza}",
                cause="another backup of this stanza is running",
                next_action="Wait until it has ended",
            )
        self._require_room()
        return {**before, "has_wanted_backup": True}

    def _require_room(self) -> None:
        """Refuse when the repository, as far as it can be asked, has less room than the last one took."""
        if self.catalogue is None:
            raise AssertionError("describe() comes first")
        free = self.engine.repository.probe().free_bytes
        alike = [each.changed_bytes for each in self.catalogue.records if each.strategy == self.strategy]
        if free is None or not alike or free >= alike[-1]:
            return
        raise SpaceError(
            f"take a {self.strategy} backup into {self.engine.repository}",
            cause=f"{free} bytes are free there, the last one of this kind took {alike[-1]}",
            next_action="Free space in the repository or enlarge it",
            evidence={"free_bytes": free, "needed_bytes": alike[-1]},
        )

    def apply(self, before: Description, after: Description) -> None:
        strategy = self._possible_strategy()
        self.taken = self.engine.take(strategy)
        self.notes += self.taken.warnings
        # A backup that was asked for is finished only when it can be restored, so the log counts as well.
        catalogue = self.engine.read_records()
        record = next((each for each in catalogue.records if each.id == self.taken.id), None)
        if record is None or not record.is_usable:
            raise IntegrityError(
                f"read backup {self.taken.id} back from {self.engine.repository}",
                cause="it is not listed" if record is None else "; ".join(record.errors),
                next_action="Look for damaged pages in the database, and take another backup",
                data_state="unknown",
            )
        if record.strategy != self.strategy:
            self.notes.append(f"A {record.strategy} backup was taken instead of {self.strategy}")
        self.engine.prove_complete(record)
        self._judge_anomalies(record, self.ledger.judge(catalogue.records))
        if self.check or self._may_lean_on_damage:
            self._check(record)

    @property
    def _may_lean_on_damage(self) -> bool:
        """Whether what is stored once for all is known to be damaged: only reading shows what that touches."""
        if self.catalogue is None:
            raise AssertionError("describe() comes first")
        return self.engine.SHARES_DATA and any(
            record.is_complete and not record.is_usable for record in self.ledger.judge(self.catalogue.records)
        )

    def _possible_strategy(self) -> str:
        """Full when what the wanted one would build on is known to be damaged."""
        if self.catalogue is None:
            raise AssertionError("describe() comes first")
        if self.strategy in STAND_ALONE:
            return self.strategy
        judged = [record for record in self.ledger.judge(self.catalogue.records) if record.is_complete]
        damaged = [record.id for record in judged if not record.is_usable]
        newest_full = next((record for record in reversed(judged) if record.strategy == "full"), None)
        if newest_full is None:
            self.notes.append(f"There is no full backup to build on, so a full one is taken instead of {self.strategy}")
            return "full"
        newest = judged[-1]
        if {newest.id, newest_full.id, *newest.chain} & set(damaged):
            self.notes.append(f"The chain is broken ({', '.join(damaged)}), so a full backup is taken")
            return "full"
        return self.strategy

    def _judge_anomalies(self, record: BackupRecord, records: list[BackupRecord]) -> None:
        """A backup that is unlike the others is a bad one until somebody says otherwise."""
        for anomaly in anomalies_of(record, records, self.rules):
            if self.rules.reaction_to(anomaly.kind) == "note":
                self.notes.append(f"Unusual ({anomaly.kind}): {anomaly.cause}. {anomaly.next_action}")
                continue
            self.ledger.note_failure(record, [anomaly.cause], {"anomaly": anomaly.kind, **anomaly.evidence})
            raise IntegrityError(
                f"accept backup {record.id}",
                cause=anomaly.cause,
                next_action=anomaly.next_action,
                evidence={"backup": record.id, "anomaly": anomaly.kind, **anomaly.evidence},
            )

    def _check(self, record: BackupRecord) -> None:
        self.ledger.require_writable()
        result = self.engine.examine([record])[record.id]
        if result.errors:
            self.ledger.note_failure(record, result.errors, result.evidence)
            raise IntegrityError(
                f"check backup {record.id}",
                cause="; ".join(result.errors),
                next_action="Use another backup, and take a new full one",
                evidence=result.evidence,
            )
        self.ledger.note_success(record, "checked", {"checked": result.evidence})

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "stanza": self.engine.stanza,
            "repository": self.engine.repository.name,
            "backup": None if self.taken is None else self.taken.id,
            "consistency_id": self.engine.consistency_id,
            "tool_seconds": None if self.taken is None else self.taken.seconds,
            "notes": self.notes,
        }

    def results(self, after: Description) -> dict[str, Any]:
        record = self._wanted_record()
        return {
            "backup": None if record is None else record.as_result(now()),
            "log": None,
            "notes": self.notes,
        }


class LogShipping:
    """A Subject: the transaction log up to now is in the repository."""

    def __init__(self, engine: Engine) -> None:
        engine.require_strategy("transaction_log")
        self.engine = engine
        self.shipped: dict[str, Any] | None = None
        self.catalogue: Catalogue | None = None

    def describe(self) -> Description:
        if self.shipped is None:
            self.engine.require_here("transaction_log")
            self.engine.read_records()
        return {"strategy": "transaction_log", "is_shipped": self.shipped is not None}

    def plan(self, before: Description) -> Description:
        return {**before, "is_shipped": True}

    def apply(self, before: Description, after: Description) -> None:
        self.shipped = self.engine.ship_log()
        self.catalogue = self.engine.read_catalogue(self.engine.read_records().records)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"stanza": self.engine.stanza, "repository": self.engine.repository.name, "shipped": self.shipped}

    def results(self, after: Description) -> dict[str, Any]:
        if self.shipped is None:
            return {"backup": None, "log": None, "notes": []}
        windows = [] if self.catalogue is None else self.catalogue.windows
        log = {name: value for name, value in self.shipped.items() if name != "notes"}
        notes = [] if windows else ["There is no full backup yet that this log could follow"]
        said = [*self.shipped.get("notes", []), *notes]
        return {"backup": None, "log": {**log, "window": windows[-1] if windows else None}, "notes": said}


class LogAwaiting(LogShipping):
    """A Subject: a piece of the log that was closed before is in the repository. None is closed for it."""

    def __init__(self, engine: Engine, segment: str) -> None:
        super().__init__(engine)
        self.segment = segment

    def describe(self) -> Description:
        if self.shipped is None:
            self.engine.require_here("transaction_log")
            self._note(self.engine.find_log(self.segment))
        return {"strategy": "transaction_log", "is_shipped": self.shipped is not None}

    def apply(self, before: Description, after: Description) -> None:
        self._note(self.engine.await_log(self.segment))

    def _note(self, found: dict[str, Any] | None) -> None:
        self.shipped = found
        if found is not None:
            self.catalogue = self.engine.read_catalogue(self.engine.read_records().records)
