# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The ledger of evidence about backups: one small file per stanza and repository on the host that looked.

Trust is derived from evidence. A lost or unreadable ledger therefore never fails anything: it only
takes every backup back to ``taken``.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import (
    TRUST_LEVELS,
    BackupRecord,
    Trust,
    is_trusted_as,
)

Entries = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class TrustLedger:
    """Evidence by backup; every change is written at once, as a whole file."""

    directory: Path
    stanza: str
    repository: str

    @property
    def path(self) -> Path:
        return self.directory / f"{self.stanza}-{self.repository}.json"

    def require_writable(self) -> None:
        """Said before an hour of verification whose outcome could not be kept."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(str(error)) from error
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise self._unwritable("this user may not write there")

    def _unwritable(self, cause: str) -> PreconditionError:
        return PreconditionError(
            f"keep evidence in {self.directory}",
            cause=cause,
            next_action="Create the directory for the user who verifies, or set trust_directory",
        )

    def read(self) -> Entries:
        """The entries that can be understood; whatever cannot is as good as no evidence."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        entries = content.get("entries") if isinstance(content, dict) else None
        if not isinstance(entries, dict):
            return {}
        return {
            name: entry
            for name, entry in entries.items()
            if isinstance(entry, dict) and entry.get("level") in TRUST_LEVELS and isinstance(entry.get("errors"), list)
        }

    def judge(self, records: list[BackupRecord]) -> list[BackupRecord]:
        """The records with the trust that the ledger proves for exactly these backups."""
        entries = self.read()
        return [judged(record, entries.get(record.id)) for record in records]

    def note_success(self, record: BackupRecord, level: str, evidence: dict[str, Any]) -> None:
        """Raise a backup to ``level``; what was proven beyond it before stays, if nothing spoke against it since."""
        known = judged(record, self.read().get(record.id))
        at = written(now())
        levels = {each: at for each in TRUST_LEVELS[1:] if is_trusted_as(level, each)}
        if known.is_usable:
            evidence = {**known.trust.evidence, **evidence}
            levels = {**known.trust.levels, **levels}
            level = max(level, known.trust.level, key=TRUST_LEVELS.index)
        self._note(record, level, [], evidence, levels)

    def note_failure(self, record: BackupRecord, errors: list[str], evidence: dict[str, Any]) -> None:
        """Take a backup back to ``taken``. ``errors`` speak against using it; empty means: could not be verified."""
        self._note(record, TRUST_LEVELS[0], errors, evidence, {})

    def _note(
        self, record: BackupRecord, level: str, errors: list[str], evidence: dict[str, Any], levels: dict[str, str]
    ) -> None:
        self.require_writable()
        entries = self.read()
        entries[record.id] = {
            "identity": record.identity,
            "level": level,
            "proven_at": levels.get(level) or written(now()),
            "levels": levels,
            "host": os.uname().nodename,
            "errors": errors,
            "evidence": evidence,
        }
        with tempfile.NamedTemporaryFile("w", dir=self.directory, delete=False, encoding="utf-8") as file:
            json.dump({"version": 1, "entries": entries}, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, self.path)


def judged(record: BackupRecord, entry: dict[str, Any] | None) -> BackupRecord:
    """A record with the trust of its ledger entry; an entry about another backup of the same name is no evidence."""
    if entry is None or entry.get("identity") != record.identity:
        return record
    evidence, levels = entry.get("evidence"), entry.get("levels")
    trust = Trust(
        level=entry["level"],
        proven_at=entry.get("proven_at"),
        levels={name: at for name, at in levels.items() if isinstance(at, str)} if isinstance(levels, dict) else {},
        evidence={**(evidence if isinstance(evidence, dict) else {}), "host": entry.get("host")},
    )
    return replace(record, trust=trust, errors=[*record.errors, *map(str, entry["errors"])])
