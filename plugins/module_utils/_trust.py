# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The ledger of evidence about backups: one small file per stanza and repository on each host that looked.

Trust is derived from evidence. A lost or unreadable ledger therefore never fails anything: it only
takes every backup back to ``taken``. What other hosts saw counts as what was seen here.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import (
    Entries,
    Entry,
    event_at,
    failure,
    joined_entries,
    success,
    understood,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, Trust


@dataclass(frozen=True)
class TrustLedger:
    """Evidence by backup; every change is written at once, as a whole file.

    ``told`` is what other hosts know, for a call that is to heed it before it was written here.
    """

    directory: Path
    stanza: str
    repository: str
    told: Entries = field(default_factory=dict)

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
            content = None
        kept = understood(content.get("entries") if isinstance(content, dict) else None)
        return joined_entries([kept, self.told]) if self.told else kept

    def judge(self, records: list[BackupRecord]) -> list[BackupRecord]:
        """The records with the trust that the ledger proves for exactly these backups."""
        entries = self.read()
        return [judged(record, entries.get(record.id)) for record in records]

    def note_success(self, record: BackupRecord, level: str, evidence: dict[str, Any]) -> None:
        """Raise a backup to ``level``; what was proven beyond it before stays, if nothing spoke against it since."""
        self._note(record, lambda host, at: success(record.identity, level, evidence, host, at))

    def note_failure(self, record: BackupRecord, errors: list[str], evidence: dict[str, Any]) -> None:
        """Take a backup back to ``taken``. ``errors`` speak against using it; empty means: could not be verified.

        Damage that was found before is not taken back by a look that could not verify.
        """
        self._note(record, lambda host, at: failure(record.identity, errors, evidence, host, at))

    def join(self, entries: Entries) -> None:
        """Let what other hosts know count here from now on."""
        with self._alone():
            self._write(joined_entries([self.read(), entries]))

    def _note(self, record: BackupRecord, seen: Callable[[str, datetime], Entry]) -> None:
        with self._alone():
            entries = self.read()
            known, at = entries.get(record.id), now()
            # A look comes after whatever is known of the same backup, also when another host's clock is ahead.
            if known is not None and known["identity"] == record.identity and event_at(known) >= at:
                at = event_at(known) + timedelta(microseconds=1)
            entry = seen(os.uname().nodename, at)
            is_another = known is not None and known["identity"] != record.identity
            self._write({**entries, record.id: entry} if is_another else joined_entries([entries, {record.id: entry}]))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One after the other: what two looks at once find must both be kept."""
        self.require_writable()
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, entries: Entries) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.directory, delete=False, encoding="utf-8") as file:
            json.dump({"version": 1, "entries": entries}, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, self.path)


def judged(record: BackupRecord, entry: Entry | None) -> BackupRecord:
    """A record with the trust of its ledger entry; an entry about another backup of the same name is no evidence."""
    if entry is None or entry["identity"] != record.identity:
        return record
    trust = Trust(
        level=entry["level"],
        proven_at=entry["proven_at"],
        levels=entry["levels"],
        evidence={**entry["evidence"], "host": entry["host"]},
    )
    return replace(record, trust=trust, errors=[*record.errors, *entry["errors"]])
