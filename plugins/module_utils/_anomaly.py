# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a backup that was just taken looks like the others; pure.

``entropy`` judges by how much room a byte of the data takes: data that was encrypted by somebody else, as ransomware
does, or a disk that returns noise, takes about as much room in the repository as it has bytes. Where a repository
stores once what backups have in common, only what is new takes room, and encrypted data is new as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

KINDS = ("empty", "shrunk", "grown", "entropy")
# Less room than this per byte is no noise, however little is usual: a busy day after quiet ones.
NOISE_STORED_PER_BYTE = 0.25
# Names and modes take room as well; where nearly nothing is stored, they are most of it.
TELLING_BYTES = 65536
# What becomes of an anomaly.
REACTIONS = ("error", "note", "ignore")
LIMITS = ("minimum_percent_of_median", "maximum_percent_of_median", "maximum_entropy_percent")
# How a person says once that what is unusual is right, where a plan takes the backup.
ONCE = "once (recovery_backup_anomalies of the plan)"


@dataclass(frozen=True)
class AnomalyRules:
    """From where on something is unusual, and what becomes of it; a limit of 0 accepts anything."""

    minimum_percent: int = 50
    maximum_percent: int = 300
    # The room in the repository per byte of data, in percent of what is usual.
    maximum_entropy_percent: int = 200
    reactions: tuple[tuple[str, str], ...] = (
        ("empty", "error"),
        ("shrunk", "error"),
        ("grown", "note"),
        ("entropy", "note"),
    )

    def reaction_to(self, kind: str) -> str:
        return dict(self.reactions)[kind]


@dataclass(frozen=True)
class Anomaly:
    """What is unusual about a backup, and what to do about it."""

    kind: str
    cause: str
    next_action: str
    evidence: dict[str, Any]


def anomaly_options(own: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The options of the module backup for one source: what its entry says, and over it what a run was asked."""
    given = {**own, **(asked or {})}
    unknown = sorted(set(given) - {*LIMITS, *KINDS})
    if unknown:
        raise InputError(
            f"read anomalies.{unknown[0]}",
            cause=f"there are only {', '.join((*LIMITS, *KINDS))}",
            next_action="Correct it in the source's entry of the inventory, or in recovery_backup_anomalies",
        )
    limits = {name: given[name] for name in LIMITS if name in given}
    return {**limits, "anomalies": {kind: given[kind] for kind in KINDS if kind in given}}


def anomalies_of(record: BackupRecord, records: list[BackupRecord], rules: AnomalyRules) -> list[Anomaly]:
    """Everything unusual about ``record``, compared with the usable ones of the same data among ``records``."""
    others = [
        each
        for each in records
        if each.id != record.id and each.is_usable and each.system_identifier == record.system_identifier
    ]
    found = [empty(record), *of_size(record, others, rules), of_entropy(record, others, rules)]
    return [each for each in found if each is not None and rules.reaction_to(each.kind) != "ignore"]


def empty(record: BackupRecord) -> Anomaly | None:
    """A backup of nothing; that needs no other to be compared with."""
    if record.size_bytes > 0:
        return None
    return Anomaly("empty", "it holds nothing", "See whether the right place was backed up", {"size_bytes": 0})


def of_size(record: BackupRecord, others: list[BackupRecord], rules: AnomalyRules) -> list[Anomaly]:
    """A fraction, or a multiple, of the usual size."""
    if not others or record.size_bytes == 0:
        return []
    usual = median(each.size_bytes for each in others)
    evidence = {"size_bytes": record.size_bytes, "median_bytes": usual}
    if rules.minimum_percent and record.size_bytes * 100 < usual * rules.minimum_percent:
        cause = f"it holds {record.size_bytes} bytes, less than {rules.minimum_percent} % of the usual {usual:.0f}"
        action = "See whether data was lost; if not, lower minimum_percent_of_median " + ONCE
        return [Anomaly("shrunk", cause, action, evidence)]
    if rules.maximum_percent and record.size_bytes * 100 > usual * rules.maximum_percent:
        cause = f"it holds {record.size_bytes} bytes, more than {rules.maximum_percent} % of the usual {usual:.0f}"
        action = "See what has grown; if it is right, raise maximum_percent_of_median " + ONCE
        return [Anomaly("grown", cause, action, evidence)]
    return []


def of_entropy(record: BackupRecord, others: list[BackupRecord], rules: AnomalyRules) -> Anomaly | None:
    """Data that takes far more room than usual, and so much that it may be noise."""
    known = [density for each in others if (density := density_of(each)) is not None]
    density = density_of(record)
    if density is None or not known or not rules.maximum_entropy_percent:
        return None
    usual = median(known)
    is_noise = density >= NOISE_STORED_PER_BYTE and record.stored_bytes >= TELLING_BYTES
    if not is_noise or density * 100 <= usual * rules.maximum_entropy_percent:
        return None
    return Anomaly(
        "entropy",
        f"a byte of it takes {density:.3f} bytes of the repository, usual are {usual:.3f}",
        "See whether the data was encrypted by somebody else; if it is right, raise maximum_entropy_percent " + ONCE,
        {"stored_per_byte": round(density, 4), "median_stored_per_byte": round(usual, 4)},
    )


def density_of(record: BackupRecord) -> float | None:
    """The room in the repository per byte of data; None when the engine cannot tell."""
    if record.size_bytes <= 0 or record.stored_bytes <= 0:
        return None
    return record.stored_bytes / record.size_bytes
