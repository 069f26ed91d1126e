# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which backups are kept and why, and which may go; pure.

No clock is asked. Ages are counted from the newest usable backup, so that neither a wrong clock nor a
schedule that no longer runs empties a repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, is_trusted_as

PROVEN = "restored"

# A rule of this name keeps the newest usable backup of each of the newest n of these, counted in UTC.
PERIODS: dict[str, Callable[[datetime], tuple[int, ...]]] = {
    "daily": lambda at: (at.year, at.month, at.day),
    "weekly": lambda at: tuple(at.isocalendar()[:2]),
    "monthly": lambda at: (at.year, at.month),
    "yearly": lambda at: (at.year,),
}


@dataclass(frozen=True)
class RetentionPolicy:
    """What is wanted; a backup stays when any of it wants it."""

    keep_last: int = 0
    keep_days: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    minimum_proven: int = 1

    @classmethod
    def of(cls, options: dict[str, Any]) -> RetentionPolicy:
        """The policy of an option; one that wants nothing is a mistake, not an order to remove everything."""
        given = {name: int(value) for name, value in options.items() if value is not None}
        below = sorted(name for name, value in given.items() if value < 0)
        policy = cls(**given)
        wants = any(getattr(policy, each.name) for each in fields(policy) if each.name != "minimum_proven")
        if below or not wants:
            raise InputError(
                "read the option policy",
                cause=f"{below[0]} is below zero" if below else "it wants no backup to be kept",
                next_action="Give at least one of keep_last, keep_days, daily, weekly, monthly and yearly a number",
            )
        return policy


@dataclass(frozen=True)
class Retained:
    """The outcome: every kept backup with the reasons for it, and what may go, what builds on others first."""

    reasons: dict[str, list[str]]
    removable: list[BackupRecord]
    sets: list[str] = field(default_factory=list)

    @property
    def kept(self) -> list[str]:
        return list(self.reasons)


def retain(
    records: Iterable[BackupRecord],
    policy: RetentionPolicy,
    *,
    sets: Iterable[str] = (),
    unfinished_after: timedelta = timedelta(days=1),
) -> Retained:
    """Judge the backups of one stanza in one repository.

    ``sets`` are the full-system sets of which another member is kept elsewhere. A backup that cannot be used, such
    as an interrupted one, goes when a usable one ended more than ``unfinished_after`` later.
    """
    ordered = sorted(records, key=lambda each: (each.stopped_at, each.id))
    usable = usable_of(ordered)
    reasons: dict[str, list[str]] = {}
    for chosen, reason in [*by_rule(usable, policy), *by_floor(ordered, usable, policy, unfinished_after)]:
        for record in chosen:
            reasons.setdefault(record.id, []).append(reason)
    keep_sets_and_chains(ordered, reasons, set(sets))
    kept = {record.id: reasons[record.id] for record in ordered if record.id in reasons}
    return Retained(
        kept,
        [record for record in reversed(ordered) if record.id not in kept],
        sorted({record.consistency_id for record in ordered if record.id in kept and record.consistency_id}),
    )


def usable_of(records: list[BackupRecord]) -> list[BackupRecord]:
    """Those against which nothing is known, nor against anything that they build on."""
    whole = {record.id: record for record in records if record.is_usable}
    while broken := [record.id for record in whole.values() if not needs(record) <= whole.keys()]:
        for name in broken:
            del whole[name]
    return list(whole.values())


def needs(record: BackupRecord) -> set[str]:
    """What a backup cannot be restored without. Without a chain, its parent is only what it was compared with."""
    if not record.chain:
        return set()
    return {*record.chain, *([record.parent] if record.parent else [])} - {record.id}


def by_rule(usable: list[BackupRecord], policy: RetentionPolicy) -> list[tuple[list[BackupRecord], str]]:
    """What the policy itself wants."""
    if not usable:
        return []
    since = usable[-1].stopped_at - timedelta(days=policy.keep_days)
    wanted = [
        (usable[-policy.keep_last :] if policy.keep_last else [], f"keep_last: {policy.keep_last}"),
        (
            [record for record in usable if policy.keep_days and record.stopped_at >= since],
            f"keep_days: {policy.keep_days}",
        ),
    ]
    for period, of in PERIODS.items():
        count = getattr(policy, period)
        newest = {of(record.stopped_at.astimezone(UTC)): record for record in usable}
        wanted.append((list(newest.values())[-count:] if count else [], f"{period}: {count}"))
    return wanted


def by_floor(
    ordered: list[BackupRecord], usable: list[BackupRecord], policy: RetentionPolicy, unfinished_after: timedelta
) -> list[tuple[list[BackupRecord], str]]:
    """What stays whatever the policy wants."""
    if not usable:
        return [(ordered, "no usable backup is known")]
    newest = usable[-1]
    proven = [record for record in usable if is_trusted_as(record.trust.level, PROVEN)]
    names = {record.id for record in usable}
    young = [
        record
        for record in ordered
        if record.id not in names and record.stopped_at + unfinished_after >= newest.stopped_at
    ]
    return [
        ([newest], "the newest usable one"),
        (proven[-1:], "the newest proven one"),
        (proven[-policy.minimum_proven :] if policy.minimum_proven else [], f"minimum_proven: {policy.minimum_proven}"),
        (young, "not usable, and no usable one is sufficiently newer"),
    ]


def keep_sets_and_chains(ordered: list[BackupRecord], reasons: dict[str, list[str]], sets: set[str]) -> None:
    """Add whatever a kept backup needs, and the members of a kept set, until nothing is missing."""
    by_id = {record.id: record for record in ordered}
    while True:
        kept = [by_id[name] for name in reasons]
        sets |= {record.consistency_id for record in kept if record.consistency_id}
        wanted = {name: f"needed by {record.id}" for record in kept for name in needs(record) if name in by_id}
        members = {
            record.id: f"in the set {record.consistency_id}" for record in ordered if record.consistency_id in sets
        }
        missing = {name: reason for name, reason in {**members, **wanted}.items() if name not in reasons}
        if not missing:
            return
        reasons.update({name: [reason] for name, reason in missing.items()})
