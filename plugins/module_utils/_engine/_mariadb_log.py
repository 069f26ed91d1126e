# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The binary log as a repository holds it, its timelines, and the way that a recovery takes through it; pure.

MariaDB knows no timelines. Ours begin when a restore in place abandons what was written after its target: the
restored data carries a history that says where each former timeline was left, and every file shipped from then on
names its timeline, so that abandoned transactions are never applied again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    Gtids,
    LogPosition,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch, written

FIRST_TIMELINE = 1
HISTORY_FILE = "recovery-history"
LEFT = re.compile(r"(\d+)@(.+:\d+)>(\d+)")


@dataclass(frozen=True)
class Left:
    """Where a timeline was left, and the number of the first file of the one that follows it."""

    timeline: int
    at: LogPosition
    next_number: int


@dataclass(frozen=True)
class History:
    """The timeline of a server's data and those that led to it, oldest first."""

    timeline: int = FIRST_TIMELINE
    left: tuple[Left, ...] = ()

    def as_text(self) -> str:
        """As in ``2;1@mariadb-bin.000007:500>10``: timeline 2, which left 1 there and begins with file number 10."""
        return ";".join([str(self.timeline), *(f"{each.timeline}@{each.at}>{each.next_number}" for each in self.left)])

    @classmethod
    def parse(cls, text: str) -> History:
        """Raises ValueError for what is none."""
        timeline, *parts = text.strip().split(";")
        found = [LEFT.fullmatch(part) for part in parts]
        if not all(found):
            raise ValueError(f"{text!r} is no history")
        left = [Left(int(each[1]), LogPosition.parse(each[2]), int(each[3])) for each in found if each]
        return cls(int(timeline), tuple(left))

    def timeline_of(self, number: int) -> int:
        """On which timeline a server with this history wrote the file of a number."""
        timeline = self.timeline
        # From the newest on: where the former log was lost, the numbers began anew.
        for each in reversed(self.left):
            if number >= each.next_number:
                break
            timeline = each.timeline
        return timeline

    def after(self, timeline: int, at: LogPosition, next_number: int) -> History:
        """The history of data that was recovered along this one to a position, as a new timeline."""
        return History(timeline, (*self.left, Left(self.timeline, at, next_number)))


@dataclass(frozen=True)
class ArchivedLog:
    """One closed file of the binary log in the repository."""

    shipment: str
    name: str
    number: int
    timeline: int
    server_id: int
    created_at: int
    ended_at: int
    size_bytes: int
    starts_after: str
    ends_with: str
    sha256: str
    # A crash cut its last transaction off: ``size_bytes`` counts to there.
    is_torn: bool = False

    @property
    def place(self) -> str:
        """Where a recovery keeps it: a name comes back after RESET MASTER, and on another timeline."""
        return f"{self.shipment}/{self.name}"

    def as_tag(self) -> str:
        fields = [self.timeline, self.server_id, self.created_at, self.ended_at, self.size_bytes]
        texts = [self.name, *map(str, fields), self.starts_after, self.ends_with, self.sha256]
        texts += ["torn"] if self.is_torn else []
        return "|".join(texts)

    @classmethod
    def parse(cls, shipment: str, tag: str) -> ArchivedLog:
        """Raises ValueError for what is none."""
        name, *numbers, starts_after, ends_with, sha256 = tag.removesuffix("|torn").split("|")
        timeline, server_id, created, ended, size = map(int, numbers)
        number, is_torn = int(name.rpartition(".")[2]), tag.endswith("|torn")
        return cls(
            shipment, name, number, timeline, server_id, created, ended, size, starts_after, ends_with, sha256, is_torn
        )

    def follows(self, before: ArchivedLog) -> bool:
        """Whether nothing is missing between the two."""
        return self.created_at >= before.ended_at and parse_gtids(self.starts_after) == parse_gtids(before.ends_with)


@dataclass(frozen=True)
class StartPoint:
    """Where a backup stands: what is replayed onto it begins here."""

    backup: str
    position: LogPosition
    gtids: Gtids
    server_id: int
    timeline: int
    at: datetime


@dataclass(frozen=True)
class Stretch:
    """A part of one file: from an offset (0: all of it) to another, or to its end."""

    log: ArchivedLog
    start: int
    stop: int | None = None

    def holds(self, position: LogPosition) -> bool:
        end = self.log.size_bytes if self.stop is None else self.stop
        return self.log.name == position.file and self.start <= position.offset <= end


@dataclass(frozen=True)
class LogArchive:
    """Every file that the repository holds, and the histories of the timelines."""

    logs: list[ArchivedLog] = field(default_factory=list)
    histories: dict[int, History] = field(default_factory=dict)

    @property
    def timelines(self) -> list[int]:
        return sorted({FIRST_TIMELINE, *self.histories, *(each.timeline for each in self.logs)})

    @cached_property
    def _by_number(self) -> dict[tuple[int, int], list[ArchivedLog]]:
        found: dict[tuple[int, int], list[ArchivedLog]] = {}
        for log in self.logs:
            found.setdefault((log.timeline, log.number), []).append(log)
        return found

    def holds(self, name: str, timeline: int, server_id: int, created_at: int) -> bool:
        """Whether a server's file is there: one that has its name and was begun in the same second."""
        number = int(name.rpartition(".")[2])
        known = [(each.name, each.server_id, each.created_at) for each in self._by_number.get((timeline, number), [])]
        return (name, server_id, created_at) in known

    def history(self, timeline: int) -> History:
        return self.histories.get(timeline, History(timeline))

    def leads_from(self, start: StartPoint, timeline: int) -> bool:
        """Whether a backup lies on a timeline, or on an ancestor of it before that was left."""
        if start.timeline == timeline:
            return True
        return any(
            each.timeline == start.timeline and start.position <= each.at for each in self.history(timeline).left
        )

    def follow(self, start: StartPoint, timeline: int) -> list[Stretch]:
        """The way from a backup along a timeline, as far as there is no gap; empty when nothing was shipped yet."""
        stretches: list[Stretch] = []
        number, offset = start.position.number, start.position.offset
        for each in self.history(timeline).left:
            if each.timeline < start.timeline:
                continue
            part = self._run(each.timeline, number, offset, start, stretches, until=each.at)
            stretches += part
            if not part or part[-1].log.number != each.at.number:
                return stretches
            number, offset = each.next_number, 0
        return stretches + self._run(timeline, number, offset, start, stretches, until=None)

    def _run(
        self,
        timeline: int,
        number: int,
        offset: int,
        start: StartPoint,
        before: list[Stretch],
        *,
        until: LogPosition | None,
    ) -> list[Stretch]:
        """Consecutive files of one timeline. Between timelines the files do not fit together, and need not."""
        found: list[Stretch] = []
        while until is None or number <= until.number:
            log = self._next(timeline, number, start, found, is_first=not before and not found)
            if log is None:
                break
            stop = log.size_bytes if log.is_torn else None
            stop = until.offset if until is not None and number == until.number else stop
            found.append(Stretch(log, offset, stop))
            number, offset = number + 1, 0
        return found

    def _next(
        self, timeline: int, number: int, start: StartPoint, found: list[Stretch], *, is_first: bool
    ) -> ArchivedLog | None:
        candidates = self._by_number.get((timeline, number), [])
        if timeline == start.timeline:
            candidates = [each for each in candidates if each.server_id == start.server_id]
        if is_first:
            # A number comes back after RESET MASTER: the backup stood in the newest one that was there already.
            there = [each for each in candidates if each.created_at <= start.at.timestamp()]
            return max(there, key=lambda each: each.created_at, default=None)
        if found:
            candidates = [each for each in candidates if each.follows(found[-1].log)]
        return min(candidates, key=lambda each: each.created_at, default=None)


@dataclass(frozen=True)
class LogWindow:
    """A stretch of time and log within which every moment can be recovered, along one timeline."""

    timeline: int
    backups: list[str]
    from_at: datetime
    until_at: datetime
    from_position: LogPosition
    until_position: LogPosition
    until_gtids: str
    last: ArchivedLog | None

    def as_result(self) -> dict[str, Any]:
        return {
            "timeline": self.timeline,
            "backups": self.backups,
            "from_at": written(self.from_at),
            "until_at": written(self.until_at),
            "from_position": str(self.from_position),
            "until_position": str(self.until_position),
            "until_gtid": self.until_gtids,
        }


def window_of(start: StartPoint, gtids_text: str, timeline: int, archive: LogArchive) -> LogWindow | None:
    """From the moment a backup is of to the end of its gap-free log; None when the timeline does not lead from it."""
    if not archive.leads_from(start, timeline):
        return None
    stretches = archive.follow(start, timeline)
    if not stretches:
        return LogWindow(timeline, [start.backup], start.at, start.at, start.position, start.position, gtids_text, None)
    last = stretches[-1].log
    end = LogPosition(last.number, last.name, last.size_bytes)
    until_at = max(from_epoch(last.ended_at), start.at)
    return LogWindow(timeline, [start.backup], start.at, until_at, start.position, end, last.ends_with, last)


def windows_of(windows: Iterable[LogWindow]) -> list[LogWindow]:
    """One per gap-free stretch of log and timeline; oldest first."""
    merged: dict[tuple[int, str], LogWindow] = {}
    for window in sorted(windows, key=lambda each: each.from_at):
        end = window.backups[0] if window.last is None else f"{window.last.shipment}/{window.last.name}"
        known = merged.get((window.timeline, end))
        merged[(window.timeline, end)] = window if known is None else joined(known, window)
    return sorted(merged.values(), key=lambda each: (each.timeline, each.from_at))


def joined(earlier: LogWindow, later: LogWindow) -> LogWindow:
    """Two windows that end at the same gap are one, beginning with the earlier backup."""
    return LogWindow(
        earlier.timeline,
        [*earlier.backups, *later.backups],
        earlier.from_at,
        max(earlier.until_at, later.until_at),
        earlier.from_position,
        earlier.until_position,
        earlier.until_gtids,
        earlier.last,
    )
