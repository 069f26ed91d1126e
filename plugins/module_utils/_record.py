# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The record of one backup: what it is, what it needs, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant, written

# A backup climbs these one by one, by evidence only.
TRUST_LEVELS = ("taken", "checked", "restored", "verified")


def is_trusted_as(level: str, wanted: str) -> bool:
    """Whether ``level`` is at least ``wanted``."""
    return TRUST_LEVELS.index(level) >= TRUST_LEVELS.index(wanted)


@dataclass(frozen=True)
class Trust:
    """A level and what it rests on; ``proven_at`` is None as long as nobody looked.

    ``levels`` tells when each level up to this one was last proven: a look at a lower one does not renew the higher.
    """

    level: str = "taken"
    proven_at: str | None = None
    levels: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BackupRecord:
    """One backup as its repository describes it, plus the trust that this host can give evidence for.

    What an engine does not have is empty: files have no log, so their ``start_lsn`` is "" and their ``timeline`` 0.
    """

    id: str
    engine: str
    stanza: str
    repository: str
    strategy: str
    parent: str | None
    chain: list[str]
    started_at: datetime
    stopped_at: datetime
    size_bytes: int
    stored_bytes: int
    changed_bytes: int
    encrypted: bool
    # What the data is of: a database's system identifier, or the host that the files are of.
    system_identifier: str
    server_version: str = ""
    start_lsn: str = ""
    stop_lsn: str = ""
    wal_start: str = ""
    wal_stop: str = ""
    timeline: int = 0
    # Where the binary log stood: ``<file>:<position>``.
    log_position: str = ""
    # Which passphrase opens it: known without the passphrase, so that a lost one is known by name.
    key_id: str = ""
    # The full-system set that it is a part of.
    consistency_id: str = ""
    # False when the source changed while it was read.
    is_consistent: bool = True
    # False for one that was broken off: it is listed so that it can be removed, and nothing builds on it.
    is_complete: bool = True
    errors: list[str] = field(default_factory=list)
    trust: Trust = field(default_factory=Trust)

    @property
    def identity(self) -> str:
        """What evidence is bound to: a label alone can come back in another repository."""
        return f"{self.system_identifier}/{self.id}/{self.stop_lsn}/{self.stored_bytes}"

    @property
    def is_usable(self) -> bool:
        """Nothing is known against it."""
        return not self.errors

    def is_proven_as(self, level: str, *, since: datetime | None = None) -> bool:
        """Whether there is evidence of at least ``level``, not older than ``since``, and nothing against it."""
        if not self.is_usable or not is_trusted_as(self.trust.level, level):
            return False
        proven_at = instant_of(self.trust.levels.get(level))
        return since is None or (proven_at is not None and proven_at >= since)

    def as_result(self, at: datetime) -> dict[str, Any]:
        """Plain values for a module's result; the ages are those of what it holds and of its level, up to ``at``."""
        # By hand: the library's copy of each value takes a tenth of a second for a thousand backups.
        result = {**vars(self), "trust": {**vars(self.trust)}}
        result["started_at"], result["stopped_at"] = written(self.started_at), written(self.stopped_at)
        result["age_seconds"] = round((at - self.stopped_at).total_seconds(), 3)
        proven_at = None if self.trust.level == TRUST_LEVELS[0] else instant_of(self.trust.proven_at)
        result["proven_age_seconds"] = None if proven_at is None else round((at - proven_at).total_seconds(), 3)
        return result


def instant_of(text: str | None) -> datetime | None:
    """An instant out of the ledger; what cannot be read is as good as never."""
    try:
        return None if text is None else parse_instant(text, option="trust_directory")
    except InputError:
        return None
