# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Giving evidence for a backup: it was read where it lies, it was restored, what it holds was questioned."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held, is_held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check, Engine, Examination
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    LeaseError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, is_trusted_as
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._space import require_space
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._verification_sample import Sample, sampled

LONGEST_NAME = 33
PROOFS_AGAINST = ("DR-INT", "DR-WAL", "DR-KEY")


@dataclass(frozen=True)
class Wanted:
    """Which backups are looked at, how far they are to be proven, and which evidence is good enough as it is.

    ``backups`` names them; with neither names nor a sample it is the newest one. ``since`` is how old evidence may be.
    """

    level: str
    backups: list[str] = field(default_factory=list)
    sample: Sample | None = None
    unless_proven: bool = False
    since: datetime | None = None


class Verification:
    """A Subject: the trust in some backups."""

    def __init__(
        self,
        engine: Engine,
        ledger: TrustLedger,
        wanted: Wanted,
        *,
        checks: list[Check],
        scratch_directory: Path,
    ) -> None:
        if wanted.level == "verified" and not checks:
            raise InputError(
                "read the option checks",
                cause="the level verified needs at least one question to the restored data",
                next_action="Give checks, or ask for the level restored",
            )
        engine.require_checks(checks)
        self.engine = engine
        self.ledger = ledger
        self.wanted = wanted
        self.level = wanted.level
        self.checks = checks
        self.scratch_directory = scratch_directory
        self.chosen: list[str] | None = None
        self.records: list[BackupRecord] = []
        self.known: list[BackupRecord] = []
        self.done: set[str] = set()

    def describe(self) -> Description:
        self._read()
        return {
            "backups": {
                record.id: {"trust": record.trust.level, "is_proven": self._is_proven(record)}
                for record in self.records
            }
        }

    def _is_proven(self, record: BackupRecord) -> bool:
        if record.id in self.done:
            return record.is_proven_as(self.level)
        return self.wanted.unless_proven and record.is_proven_as(self.level, since=self.wanted.since)

    def _read(self) -> None:
        records = self.ledger.judge(self.engine.read_records().records)
        if self.chosen is None:
            self.chosen = self._choose(records)
        chosen, self.known = self.chosen, records
        self.records = [record for record in records if record.id in chosen]

    def _choose(self, records: list[BackupRecord]) -> list[str]:
        """Once: what is proven meanwhile must not change what was asked for."""
        known = [record.id for record in records]
        if self.wanted.sample is not None:
            chosen = [each.id for each in sampled(records, self.wanted.sample, self.level, self.wanted.since)]
        else:
            chosen = [whole_name(name, known) for name in self.wanted.backups] or known[-1:]
        missing = [name for name in chosen if name not in known]
        # A sample of which everything is proven is a good answer; one of nothing usable is not.
        if missing or not (chosen or any(record.is_usable for record in records)):
            newest = ", ".join(record.id for record in records[-5:]) or "none"
            raise RepositoryError(
                f"find backup {', '.join(missing) or 'of any kind'} in {self.engine.repository}",
                cause=f"it is not there, the newest are: {newest}",
                next_action="Name one of these, or take a backup first",
            )
        return chosen

    def plan(self, before: Description) -> Description:
        pending = [record for record in self.records if not before["backups"][record.id]["is_proven"]]
        if not pending:
            return before
        self.ledger.require_writable()
        host = self.engine.examining_host
        if self.level == "checked" and host is not None:
            raise PreconditionError(
                f"check backup {pending[0].id} here",
                cause=f"{self.engine.repository} is kept by another host, and can only be read there",
                next_action=f"Run this on the repository host {host}, or raise the trust to restored",
            )
        if self.level != "checked":
            largest = max(pending, key=lambda record: record.size_bytes)
            self.scratch_directory.mkdir(parents=True, exist_ok=True)
            needed = largest.size_bytes + self.engine.server_bytes
            require_space(self.scratch_directory, needed, f"restore {largest.id} for a trial")
        proven = {record.id: {"trust": self._raised(record), "is_proven": True} for record in pending}
        return {"backups": {**before["backups"], **proven}}

    def _raised(self, record: BackupRecord) -> str:
        return record.trust.level if is_trusted_as(record.trust.level, self.level) else self.level

    def apply(self, before: Description, after: Description) -> None:
        """Every backup gets its turn; one that fails does not keep the others from being looked at."""
        pending = [record for record in self.records if not before["backups"][record.id]["is_proven"]]
        if self.level != "checked":
            self._clear_what_the_dead_left()
        failures = []
        for record, examined in self._examine(pending):
            try:
                self._climb(record, examined)
            except RecoveryError as error:
                against = [error.cause] if error.error_code in PROOFS_AGAINST else []
                self.ledger.note_failure(record, against, {"could_not_verify": str(error), "code": error.error_code})
                failures.append(error)
            else:
                self.done.add(record.id)
        if failures:
            raise self._together(failures, pending)

    def _together(self, failures: list[RecoveryError], pending: list[BackupRecord]) -> RecoveryError:
        """One failure as it is; several as one that names them all."""
        if len(failures) == 1:
            return failures[0]
        return type(failures[0])(
            f"verify {len(failures)} of {len(pending)} backups in {self.engine.repository}",
            cause="; ".join(f"{error.what}: {error.cause}" for error in failures),
            next_action=failures[0].next_action,
            code=failures[0].error_code,
            evidence={"failed": [error.what for error in failures], "proven": sorted(self.done)},
        )

    def _climb(self, record: BackupRecord, examined: Examination | RecoveryError | None) -> None:
        evidence: dict[str, Any] = {"checked": self._verdict(record, examined)}
        if self.level != "checked":
            evidence["restored"] = self._rehearse(record)
        self.ledger.note_success(record, self.level, evidence)

    def _examine(self, pending: list[BackupRecord]) -> list[tuple[BackupRecord, Examination | RecoveryError | None]]:
        """Read all of them where they lie, at once; None away from there."""
        if self.engine.examining_host is not None:
            return [(record, None) for record in pending]
        try:
            found = self.engine.examine(pending)
        except RecoveryError as error:
            return [(record, error) for record in pending]
        return [(record, found[record.id]) for record in pending]

    def _verdict(self, record: BackupRecord, examined: Examination | RecoveryError | None) -> dict[str, Any]:
        """What reading it showed; away from there the trial restore reads every file of it instead."""
        if isinstance(examined, RecoveryError):
            raise examined
        if examined is None:
            self.engine.prove_complete(record)
            return {"by": "the trial restore, which reads every file and compares its checksum"}
        if examined.errors:
            raise IntegrityError(
                f"check backup {record.id}",
                cause="; ".join(examined.errors),
                next_action="Use another backup, and take a new full one",
                evidence=examined.evidence,
            )
        return examined.evidence

    def _rehearse(self, record: BackupRecord) -> dict[str, Any]:
        """Restore into a directory that is ours alone and is gone afterwards, however it ends."""
        scratch = self._scratch(record)
        self._clear(scratch)
        scratch.mkdir(mode=0o700)
        try:
            with held(scratch, f"use {scratch} for a trial"):
                found = self.engine.rehearse(record, scratch, self.checks)
        finally:
            self._clear(scratch)
        wrong = [each for each in found["checks"] if not each["passed"]]
        if wrong:
            raise IntegrityError(
                f"verify backup {record.id}",
                cause="; ".join(f"{each['name']}: {each['observed']}, not {each['expected']}" for each in wrong),
                next_action="Compare with the live data: either the check or the backup is wrong",
                evidence=found,
            )
        return found

    def _scratch(self, record: BackupRecord) -> Path:
        # Short, since a server's socket lies in it; a label of pgBackRest is whole within this length.
        return self.scratch_directory / f"trial-{record.id[:LONGEST_NAME]}"

    def _clear_what_the_dead_left(self) -> None:
        """Trials of these backups whose process was killed, which may have left a server running."""
        for scratch in map(self._scratch, self.known):
            # Another user's is his to clear.
            with suppress(PermissionError):
                if scratch.exists() and not is_held(scratch):
                    self._clear(scratch)

    def _clear(self, scratch: Path) -> None:
        if is_held(scratch):
            raise LeaseError(
                f"use {scratch} for a trial",
                cause="another trial of this backup works there",
                next_action="Wait until it has ended",
            )
        self.engine.stop(scratch)
        for directory in (scratch, scratch.with_name(scratch.name + ".tablespaces")):
            if directory.exists():
                shutil.rmtree(directory)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        changing = [
            f"The source of {each.id} changed while it was read" for each in self.records if not each.is_consistent
        ]
        named = {"stanza": self.engine.stanza, "repository": self.engine.repository.name}
        return {**named, "level": self.level, "looked_at": sorted(self.done), "notes": changing, **after}

    def results(self, after: Description) -> dict[str, Any]:
        at = now()
        backups = [record.as_result(at) for record in self.records]
        return {
            "backup": backups[-1] if backups else None,
            "backups": backups,
            "trust": after["backups"][self.records[-1].id]["trust"] if backups else None,
            "looked_at": sorted(self.done),
        }


def whole_name(name: str, known: list[str]) -> str:
    """The identifier that a name means: itself, or the only one that begins with it."""
    alike = [each for each in known if each.startswith(name)]
    return alike[0] if name not in known and len(alike) == 1 else name
