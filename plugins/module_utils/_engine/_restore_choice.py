# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which backup and which timeline a target is recovered from; pure, and it refuses before anything is touched."""

from __future__ import annotations

from datetime import timedelta

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    Archive,
    Window,
    window_of,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    LogGapError,
    RecoveryError,
    RepositoryError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# Repositories count whole seconds. What lies in the last one is tried: recovery proves it or says that it cannot.
CLOCK_STEP = timedelta(seconds=1)
WHAT = "choose a backup to restore"


def choose(
    records: list[BackupRecord],
    archive: Archive,
    target: RecoveryTarget,
    *,
    backup: str | None,
    timeline: int | None,
) -> tuple[BackupRecord, Window]:
    """The newest usable backup from which the target can be reached without a gap."""
    usable = [record for record in candidates(records, backup) if record.is_usable]
    # The end of a backup lies on its own timeline, whatever followed: a later one may have left that very moment.
    is_own = target.kind == "immediate" and timeline is None
    wanted = None if is_own else chosen_timeline(usable, archive, target, timeline)
    for record in sorted(usable, key=lambda each: each.stopped_at, reverse=True):
        window = window_of(record, record.timeline if wanted is None else wanted, archive)
        if window is not None and contains(window, target):
            return record, window
    raise outside(usable, archive, target, usable[-1].timeline if wanted is None else wanted)


def candidates(records: list[BackupRecord], backup: str | None) -> list[BackupRecord]:
    """The one backup that was asked for, or all of them."""
    if not records:
        raise RepositoryError(WHAT, cause="the repository holds none", next_action="Take a backup first")
    if backup is None:
        if not any(record.is_usable for record in records):
            raise IntegrityError(
                WHAT,
                cause="all backups are damaged: " + "; ".join(f"{each.id}: {each.errors[0]}" for each in records[-3:]),
                next_action="Try another repository",
            )
        return records
    found = [record for record in records if record.id == backup]
    if not found:
        known = ", ".join(record.id for record in records[-5:])
        raise InputError(WHAT, cause=f"there is no backup {backup}", next_action=f"Name one of them: {known}")
    if not found[0].is_usable:
        raise IntegrityError(
            WHAT, cause=f"{backup} is damaged: {'; '.join(found[0].errors)}", next_action="Name another backup"
        )
    return found


def chosen_timeline(records: list[BackupRecord], archive: Archive, target: RecoveryTarget, timeline: int | None) -> int:
    """The timeline that was asked for, or the newest; a moment that happened on two of them is not one moment."""
    known = sorted({*archive.timelines, *(record.timeline for record in records)})
    if timeline is not None:
        if timeline not in known:
            raise TimelineError(
                WHAT,
                cause=f"timeline {timeline} is not in the archive",
                next_action=f"Name one of {', '.join(map(str, known))}",
            )
        return timeline
    leading = [each for each in known if any(archive.leads_from(record, each) for record in records)]
    if not leading:
        raise TimelineError(
            WHAT,
            cause="no timeline in the archive leads on from any backup",
            next_action="See whether the history files of the archive are complete",
        )
    newest = leading[-1]
    require_histories(archive, newest)
    for left, _at in archive.ancestors.get(newest, []):
        if is_on_both(archive, target, left, newest):
            raise TimelineError(
                WHAT,
                cause=f"{target} happened on timeline {left} and on timeline {newest}, which left it before that",
                next_action=f"Set timeline to {left} or {newest}",
            )
    return newest


def is_on_both(archive: Archive, target: RecoveryTarget, left: int, newest: int) -> bool:
    """Whether a time lies where an abandoned timeline still wrote and the newest one had not begun."""
    if target.at is None:
        return False
    path = archive.path(newest)
    place = [timeline for timeline, _at in path].index(left)
    left_at = path[place][1] or 0
    follower_began_at = archive.forked_at.get(path[place + 1][0])
    fork = archive.segments.holding(left_at)
    abandoned = {number: at for (line, number), at in archive.arrived_at.items() if line == left and number >= fork}
    before_fork = archive.arrived_at.get((left, fork - 1))
    if not abandoned or follower_began_at is None:
        return False
    is_after_fork = before_fork is None or target.at > before_fork
    return is_after_fork and target.at < follower_began_at and target.at <= max(abandoned.values())


def contains(window: Window, target: RecoveryTarget) -> bool:
    """Whether a window reaches a target, as far as that can be known beforehand."""
    if target.kind == "time" and target.at is not None:
        return window.from_at <= target.at < window.until_at + CLOCK_STEP
    if target.kind == "lsn" and target.value is not None:
        return window.from_lsn <= parse_lsn(target.value) <= window.until_lsn
    # latest and immediate need no more than a consistent backup; where a transaction or a name is, only replay tells.
    return True


def outside(records: list[BackupRecord], archive: Archive, target: RecoveryTarget, timeline: int) -> RecoveryError:
    """Why no backup leads to the target, with the windows that there are."""
    windows = [each for each in windows_of(records, archive) if each.timeline == timeline]
    said = "; ".join(described(each, target) for each in windows) or "none"
    return LogGapError(
        WHAT,
        cause=f"{target} is outside of what can be recovered on timeline {timeline}: {said}",
        next_action="Choose a target inside one of these windows",
        evidence={"windows": [each.as_result() for each in windows], "target": target.as_result()},
    )


def described(window: Window, target: RecoveryTarget) -> str:
    result = window.as_result()
    if target.kind == "lsn":
        return f"{result['from_lsn']} to {result['until_lsn']}"
    return f"{written(window.from_at)} to {written(window.until_at)}"


def require_histories(archive: Archive, newest: int) -> None:
    """What is written on a timeline without a history may be what followed, and would be left out in silence."""
    lost = [each for each in archive.timelines if each > newest and each not in archive.ancestors]
    if lost:
        raise TimelineError(
            WHAT,
            cause=f"the archive has log of timeline {lost[-1]} but not its history file: nobody knows what it follows",
            next_action=f"Put {lost[-1]:08X}.history back into the archive from pg_wal of a server that has it, "
            f"or set timeline to {newest} to do without what was written after it",
        )
