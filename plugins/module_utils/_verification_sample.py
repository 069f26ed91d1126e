# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which backups a verification looks at; pure, and the same for the same seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, instant_of


@dataclass(frozen=True)
class Sample:
    """The newest ones, those that have waited longest for evidence, and a random share of the others."""

    newest: int = 1
    oldest_unproven: int = 1
    random_percent: int = 0
    seed: str = ""


SAMPLE_OPTIONS: dict[str, Any] = {
    "newest": {"type": "int", "default": Sample.newest},
    "oldest_unproven": {"type": "int", "default": Sample.oldest_unproven},
    "random_percent": {"type": "int", "default": Sample.random_percent},
    "seed": {"type": "str"},
}


def sampled(records: list[BackupRecord], sample: Sample, level: str, since: datetime | None) -> list[BackupRecord]:
    """The backups that a sample takes, oldest first.

    Of those that are known to be damaged only the newest is looked at again, for it may have been mended, and must not
    be passed over in silence.
    """
    usable = [record for record in records if record.is_usable]
    newest = [record for record in records if record.is_complete][-1:]
    unproven = sorted(
        (record for record in usable if not record.is_proven_as(level, since=since)),
        key=lambda record: instant_of(record.trust.levels.get(level)) or datetime.min.replace(tzinfo=UTC),
    )
    share = -(-len(usable) * sample.random_percent // 100)
    by_chance = sorted(usable, key=lambda record: draw_of(sample.seed, record.id))
    chosen = {
        record.id
        for record in [
            *([*usable[-sample.newest :], *newest] if sample.newest else []),
            *unproven[: sample.oldest_unproven],
            *by_chance[:share],
        ]
    }
    return [record for record in records if record.id in chosen]


def draw_of(seed: str, name: str) -> str:
    """A number that only the seed and the name decide, so that a new backup does not change who else is drawn."""
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
