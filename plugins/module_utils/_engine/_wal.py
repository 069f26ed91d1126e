# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Transaction log segments, timelines, and the windows in which a cluster can be recovered; pure arithmetic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENT = re.compile(r"^[0-9A-F]{24}$")


def lsn_text(value: int) -> str:
    return f"{value >> 32:X}/{value & 0xFFFFFFFF:X}"


@dataclass(frozen=True)
class Segments:
    """The arithmetic of one segment size."""

    segment_bytes: int = DEFAULT_SEGMENT_BYTES

    @property
    def _per_log_id(self) -> int:
        return 0x100000000 // self.segment_bytes

    def parse(self, name: str) -> tuple[int, int]:
        """Timeline and segment number of a segment's name."""
        if not SEGMENT.match(name):
            raise IntegrityError(
                "read a log segment's name", cause=f"{name!r} is not one", next_action="Look into the archive by hand"
            )
        return int(name[:8], 16), int(name[8:16], 16) * self._per_log_id + int(name[16:], 16)

    def name(self, timeline: int, number: int) -> str:
        return f"{timeline:08X}{number // self._per_log_id:08X}{number % self._per_log_id:08X}"

    def holding(self, lsn: int) -> int:
        """The number of the segment that a position lies in."""
        return lsn // self.segment_bytes

    def end(self, number: int) -> int:
        """The first position after a segment."""
        return (number + 1) * self.segment_bytes


@dataclass(frozen=True)
class Archive:
    """What the repository holds of the log: when each segment arrived, and where each timeline left its parent."""

    arrived_at: Mapping[tuple[int, int], datetime]
    # timeline -> its ancestors, oldest first, each with the position where it was left
    ancestors: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)
    forked_at: Mapping[int, datetime] = field(default_factory=dict)
    segments: Segments = field(default_factory=Segments)

    @property
    def timelines(self) -> list[int]:
        return sorted({timeline for timeline, _place in self.arrived_at} | set(self.ancestors))

    def path(self, timeline: int) -> list[tuple[int, int | None]]:
        """The timelines that recovery to ``timeline`` walks, each with the position where it leaves it."""
        return [*self.ancestors.get(timeline, []), (timeline, None)]

    def leads_from(self, backup: BackupRecord, timeline: int) -> bool:
        """Whether a backup lies on the history of a timeline: on it, or on an ancestor before the fork."""
        for ancestor, left_at in self.path(timeline):
            if ancestor == backup.timeline:
                return left_at is None or parse_lsn(backup.stop_lsn) <= left_at
        return False

    def reach(self, backup: BackupRecord, timeline: int) -> tuple[int, int] | None:
        """The last segment (timeline, number) that is there without a gap from the backup's start on."""
        first = self.segments.parse(backup.wal_start)[1]
        last: tuple[int, int] | None = None
        number = first
        for walked, left_at in self.path(timeline):
            if walked < backup.timeline:
                continue
            # The segment of the fork is read from the new timeline, which begins with a copy of it.
            stop = None if left_at is None else self.segments.holding(left_at)
            while (stop is None or number < stop) and (walked, number) in self.arrived_at:
                last = (walked, number)
                number += 1
            if stop is None or number < stop:
                break
        return last


@dataclass(frozen=True)
class Window:
    """A stretch of time and log within which every moment can be recovered, along one timeline."""

    timeline: int
    backups: list[str]
    from_at: datetime
    until_at: datetime
    from_lsn: int
    until_lsn: int

    def as_result(self) -> dict[str, Any]:
        return {
            "timeline": self.timeline,
            "backups": self.backups,
            "from_at": written(self.from_at),
            "until_at": written(self.until_at),
            "from_lsn": lsn_text(self.from_lsn),
            "until_lsn": lsn_text(self.until_lsn),
        }


def window_of(backup: BackupRecord, timeline: int, archive: Archive) -> Window | None:
    """From the moment a backup is consistent to the end of its gap-free log; None when it cannot get consistent."""
    if not archive.leads_from(backup, timeline):
        return None
    reached = archive.reach(backup, timeline)
    needed = archive.segments.parse(backup.wal_stop)[1]
    if reached is None or reached[1] < needed:
        return None
    # A segment that arrived before the backup ended still lets the backup itself be recovered.
    until_at = max(archive.arrived_at[reached], backup.stopped_at)
    return Window(
        timeline,
        [backup.id],
        backup.stopped_at,
        until_at,
        parse_lsn(backup.stop_lsn),
        max(archive.segments.end(reached[1]), parse_lsn(backup.stop_lsn)),
    )


def windows_of(backups: list[BackupRecord], archive: Archive) -> list[Window]:
    """All windows, one per gap-free stretch of log and timeline; oldest first."""
    merged: dict[tuple[int, int], Window] = {}
    for timeline in archive.timelines:
        for backup in sorted(backups, key=lambda each: each.stopped_at):
            window = window_of(backup, timeline, archive) if backup.is_usable else None
            if window is None:
                continue
            known = merged.get((timeline, window.until_lsn))
            merged[(timeline, window.until_lsn)] = window if known is None else joined(known, window)
    return sorted(merged.values(), key=lambda each: (each.timeline, each.from_lsn))


def joined(earlier: Window, later: Window) -> Window:
    """Two windows that end at the same gap are one, beginning with the earlier backup."""
    return Window(
        earlier.timeline,
        [*earlier.backups, *later.backups],
        earlier.from_at,
        max(earlier.until_at, later.until_at),
        earlier.from_lsn,
        earlier.until_lsn,
    )
