# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which backup and which binary log files a target is recovered from; pure, and refusing before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    gtids_text,
    parse_gtid,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    LogArchive,
    LogWindow,
    StartPoint,
    Stretch,
    window_of,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import candidates
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Finding
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    LogGapError,
    RecoveryError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# The binary log counts whole seconds.
CLOCK_STEP = timedelta(seconds=1)
WHAT = "choose a backup to restore"


@dataclass(frozen=True)
class Way:
    """A backup, and the log to replay onto it."""

    record: BackupRecord
    start: StartPoint
    window: LogWindow
    stretches: list[Stretch]


def choose(
    records: list[BackupRecord],
    starts: dict[str, StartPoint],
    archive: LogArchive,
    target: RecoveryTarget,
    *,
    backup: str | None,
    timeline: int | None,
) -> Way:
    """The newest usable backup from which the target can be reached without a gap."""
    usable = [each for each in candidates(records, backup) if each.is_usable and each.id in starts]
    wanted = chosen_timeline(usable, starts, archive, target, timeline)
    for record in sorted(usable, key=lambda each: each.stopped_at, reverse=True):
        start = starts[record.id]
        window = window_of(start, gtids_text(start.gtids), wanted, archive)
        if window is None:
            continue
        way = Way(record, start, window, archive.follow(start, wanted))
        if contains(way, target):
            return way
    raise outside(usable, starts, archive, target, wanted)


def chosen_timeline(
    usable: list[BackupRecord],
    starts: dict[str, StartPoint],
    archive: LogArchive,
    target: RecoveryTarget,
    timeline: int | None,
) -> int:
    """The timeline that was asked for, or the newest; a moment that happened on two of them is not one moment."""
    known = sorted({*archive.timelines, *(starts[record.id].timeline for record in usable)})
    if timeline is not None:
        if timeline not in known:
            raise TimelineError(
                WHAT,
                cause=f"timeline {timeline} is not in the repository",
                next_action=f"Name one of {', '.join(map(str, known))}",
            )
        return timeline
    leading = [each for each in known if any(archive.leads_from(starts[record.id], each) for record in usable)]
    if not leading:
        raise TimelineError(
            WHAT,
            cause="no timeline in the repository leads on from any backup",
            next_action="Name the backup, or take a new full one",
        )
    newest = leading[-1]
    for left in archive.history(newest).left:
        if is_on_both(archive, target, left.timeline, left.at, newest):
            raise TimelineError(
                WHAT,
                cause=f"{target} happened on timeline {left.timeline} and on timeline {newest}, which left it before",
                next_action=f"Set timeline to {left.timeline} or {newest}",
            )
    return newest


def is_on_both(archive: LogArchive, target: RecoveryTarget, left: int, at: LogPosition, newest: int) -> bool:
    """Whether a time lies where an abandoned timeline still wrote and the newest one had not begun."""
    if target.at is None:
        return False
    abandoned = [each for each in archive.logs if each.timeline == left and each.number >= at.number]
    younger = [each.created_at for each in archive.logs if left < each.timeline <= newest]
    second = int(target.at.timestamp())
    began = any(each.created_at <= second <= each.ended_at for each in abandoned)
    return began and (not younger or second < min(younger))


def contains(way: Way, target: RecoveryTarget) -> bool:
    """Whether a way reaches a target."""
    window = way.window
    if target.kind == "time" and target.at is not None:
        step = CLOCK_STEP if way.stretches else timedelta(microseconds=1)
        return window.from_at <= target.at < window.until_at + step
    if target.kind == "log_position" and target.value is not None:
        position = LogPosition.parse(target.value)
        if position == way.start.position:
            return True
        return any(stretch.holds(position) for stretch in way.stretches)
    if target.kind == "gtid" and target.value is not None:
        return place_of_gtid(way, target.value) is not None or is_at_start(way.start, target.value)
    # latest and immediate need no more than a consistent backup.
    return True


def is_at_start(start: StartPoint, gtid: str) -> bool:
    """Whether a transaction is the last one of its domain that the backup holds."""
    domain, wanted = parse_gtid(gtid)
    return start.gtids.get(domain) == wanted


def place_of_gtid(way: Way, gtid: str) -> int | None:
    """The index of the stretch that holds a transaction, as far as the ends of the files tell."""
    domain, (_server, wanted) = parse_gtid(gtid)
    before = way.start.gtids.get(domain, (0, 0))[1]
    for index, stretch in enumerate(way.stretches):
        after = parse_gtids(stretch.log.ends_with).get(domain, (0, 0))[1]
        if before < wanted <= after:
            return index
        before = max(before, after)
    return None


def outside(
    usable: list[BackupRecord],
    starts: dict[str, StartPoint],
    archive: LogArchive,
    target: RecoveryTarget,
    timeline: int,
) -> RecoveryError:
    """Why no backup leads to the target, with the windows that there are."""
    found = [window_of(starts[record.id], gtids_text(starts[record.id].gtids), timeline, archive) for record in usable]
    windows = windows_of(each for each in found if each is not None)
    said = "; ".join(described(each, target) for each in windows) or "none"
    return LogGapError(
        WHAT,
        cause=f"{target} is outside of what can be recovered on timeline {timeline}: {said}",
        next_action="Choose a target inside one of these windows",
        evidence={"windows": [each.as_result() for each in windows], "target": target.as_result()},
    )


def described(window: LogWindow, target: RecoveryTarget) -> str:
    if target.kind in ("log_position", "gtid"):
        return f"{window.from_position} to {window.until_position} (GTID {window.until_gtids or 'none'})"
    return f"{written(window.from_at)} to {written(window.until_at)}"


def until_second(stretches: list[Stretch], second: int) -> list[Stretch]:
    """The stretches that can hold a transaction from before a second: later files begin after it."""
    kept = [each for each in stretches if each.log.created_at < second]
    return kept or stretches[:1]


def preflight_of(way: Way, target: RecoveryTarget, log_bytes: int, series: str) -> list[Finding]:
    """What was looked at to find the way, what was seen, and what is needed."""
    record, said = way.record, way.window.as_result()
    return [
        Finding("backup", True, f"{record.id}, {record.trust.level}", "finished before the target, undamaged"),
        Finding("chain", True, f"{len(record.chain) + 1} backups", "all there, undamaged"),
        Finding("window", True, f"{said['from_at']} to {said['until_at']} without a gap", str(target)),
        Finding("log", True, f"{log_bytes} bytes from {way.start.position}", f"shipped to {said['until_position']}"),
        Finding("timeline", True, f"{record.timeline} leads to {way.window.timeline}", str(way.window.timeline)),
        Finding("version", True, record.server_version, series),
    ]
