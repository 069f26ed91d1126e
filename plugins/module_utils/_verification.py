# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Giving evidence for a backup: it was read where it lies, it was restored, what it holds was questioned."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check, Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, is_trusted_as
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._space import require_space
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger

PROOFS_AGAINST = ("DR-INT", "DR-WAL", "DR-KEY")


class Verification:
    """A Subject: the trust in one backup."""

    def __init__(
        self,
        engine: Engine,
        ledger: TrustLedger,
        *,
        backup: str | None,
        level: str,
        checks: list[Check],
        scratch_directory: Path,
        unless_proven: bool,
    ) -> None:
        if level == "verified" and not checks:
            raise InputError(
                "read the option checks",
                cause="the level verified needs at least one question to the restored data",
                next_action="Give checks, or ask for the level restored",
            )
        engine.require_checks(checks)
        self.engine = engine
        self.ledger = ledger
        self.wanted_backup = backup
        self.level = level
        self.checks = checks
        self.scratch_directory = scratch_directory
        self.unless_proven = unless_proven
        self.record: BackupRecord | None = None
        self.is_done = False

    def describe(self) -> Description:
        record = self._read()
        is_proven = is_trusted_as(record.trust.level, self.level) and record.is_usable
        return {
            "backup": record.id,
            "trust": record.trust.level,
            "is_proven": is_proven and (self.is_done or self.unless_proven),
        }

    def _read(self) -> BackupRecord:
        records = self.ledger.judge(self.engine.read_records().records)
        found = [record for record in records if self.wanted_backup in (None, record.id)]
        if not found:
            known = ", ".join(record.id for record in records[-5:]) or "none"
            raise RepositoryError(
                f"find backup {self.wanted_backup or 'of any kind'} in {self.engine.repository}",
                cause=f"it is not there, the newest are: {known}",
                next_action="Name one of these, or take a backup first",
            )
        self.record = found[-1]
        self.wanted_backup = self.record.id
        return self.record

    def plan(self, before: Description) -> Description:
        if before["is_proven"]:
            return before
        if self.record is None:
            raise AssertionError("describe() comes first")
        self.ledger.require_writable()
        host = self.engine.examining_host
        if self.level == "checked" and host is not None:
            raise PreconditionError(
                f"check backup {self.record.id} here",
                cause=f"{self.engine.repository} is kept by another host, and can only be read there",
                next_action=f"Run this on the repository host {host}, or raise the trust to restored",
            )
        if self.level != "checked":
            self.scratch_directory.mkdir(parents=True, exist_ok=True)
            require_space(self.scratch_directory, self.record.size_bytes, f"restore {self.record.id} for a trial")
        level = before["trust"] if is_trusted_as(before["trust"], self.level) else self.level
        return {**before, "trust": level, "is_proven": True}

    def apply(self, before: Description, after: Description) -> None:
        record = self.record
        if record is None:
            raise AssertionError("describe() comes first")
        try:
            self._climb(record)
        except RecoveryError as error:
            against = [error.cause] if error.error_code in PROOFS_AGAINST else []
            self.ledger.note_failure(record, against, {"could_not_verify": str(error), "code": error.error_code})
            raise
        self.is_done = True

    def _climb(self, record: BackupRecord) -> None:
        evidence: dict[str, Any] = {"checked": self._examine(record)}
        if self.level != "checked":
            evidence["restored"] = self._rehearse(record)
        self.ledger.note_success(record, self.level, evidence)

    def _examine(self, record: BackupRecord) -> dict[str, Any]:
        """Read the backup where it lies; away from there the trial restore reads every file of it instead."""
        if self.engine.examining_host is not None:
            self.engine.prove_complete(record)
            return {"by": "the trial restore, which reads every file and compares its checksum"}
        examination = self.engine.examine([record])[record.id]
        if examination.errors:
            raise IntegrityError(
                f"check backup {record.id}",
                cause="; ".join(examination.errors),
                next_action="Use another backup, and take a new full one",
                evidence=examination.evidence,
            )
        return examination.evidence

    def _rehearse(self, record: BackupRecord) -> dict[str, Any]:
        """Restore into a directory that is ours alone and is gone afterwards, however it ends."""
        scratch = self.scratch_directory / f"trial-{record.id}"
        self._clear(scratch)
        scratch.mkdir(mode=0o700)
        try:
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

    def _clear(self, scratch: Path) -> None:
        if self.engine.is_running(scratch):
            raise PreconditionError(
                f"use {scratch} for a trial",
                cause="a server works there: another trial of this backup",
                next_action="Wait until it has ended",
            )
        for directory in (scratch, scratch.with_name(scratch.name + ".tablespaces")):
            if directory.exists():
                shutil.rmtree(directory)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"stanza": self.engine.stanza, "repository": self.engine.repository.name, **after}

    def results(self, after: Description) -> dict[str, Any]:
        if self.record is None:
            raise AssertionError("describe() comes first")
        return {"backup": self.record.as_result(now()), "trust": after["trust"]}
