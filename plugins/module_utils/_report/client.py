# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the client saw: the probe's record, and the measures that are taken from it; pure.

A *good write* is an order that was acknowledged; it counts when its answer arrived. A *gap* is the time between the
answers of two good writes that follow each other. The longest stall of a run is the longest gap that touches the
run's window, as it is: the usual spacing of the orders is given beside it and never subtracted.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from typing import Any

WRITE = "order"


@dataclass(frozen=True)
class Request:
    """One request of the probe: when it started, how long it took, what came of it."""

    at: float
    seconds: float
    ok: bool
    id: str | None
    kind: str
    site: str | None
    error: str | None

    @property
    def answered_at(self) -> float:
        return self.at + self.seconds

    @property
    def is_good_write(self) -> bool:
        return self.ok and self.kind == WRITE


@dataclass(frozen=True)
class Gap:
    """From the answer of one good write to the answer of the next; ``failed`` writes were begun in between."""

    begun_at: float
    ended_at: float
    failed: int

    @property
    def seconds(self) -> float:
        return self.ended_at - self.begun_at


@dataclass(frozen=True)
class ClientView:
    """The client's side of one run. ``why_not`` says why nothing can be said; then every measure is None."""

    why_not: str | None = None
    requests: int | None = None
    failed_requests: int | None = None
    good_writes: int | None = None
    longest_stall_seconds: float | None = None
    outage_seconds: float | None = None
    usual_gap_seconds: float | None = None
    first_good_at_target: float | None = None
    gaps: list[Gap] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)


def read_requests(text: str) -> list[Request]:
    """The requests of a probe's record by their start; lines that cannot be read are left out."""
    requests = [request for request in map(_read_request, text.splitlines()) if request]
    return sorted(requests, key=lambda request: request.at)


def _read_request(written: str) -> Request | None:
    try:
        line: dict[str, Any] = json.loads(written)
        return Request(
            at=float(line["at"]),
            seconds=max(0.0, float(line["seconds"])),
            ok=line["ok"] is True,
            id=None if line.get("id") is None else str(line["id"]),
            kind=str(line.get("kind")),
            site=line.get("site"),
            error=line.get("error"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def gaps_between(requests: list[Request]) -> list[Gap]:
    """All gaps between good writes, in their order."""
    answers = sorted(request.answered_at for request in requests if request.is_good_write)
    failed = sorted(request.at for request in requests if not request.ok and request.kind == WRITE)
    gaps = []
    position = 0
    for before, after in zip(answers, answers[1:], strict=False):
        while position < len(failed) and failed[position] < before:
            position += 1
        inside = position
        while inside < len(failed) and failed[inside] <= after:
            inside += 1
        gaps.append(Gap(before, after, inside - position))
    return gaps


def view_client(requests: list[Request], begun_at: float, ended_at: float, target: str | None) -> ClientView:
    """The measures of one run, between the plan's start and its end."""
    if not requests:
        return ClientView(why_not="no record of a client-side probe")
    gaps = [gap for gap in gaps_between(requests) if gap.ended_at >= begun_at and gap.begun_at <= ended_at]
    why_not = _why_unusable(requests, gaps, begun_at, ended_at)
    if why_not:
        return ClientView(why_not=why_not)
    longest = max(gaps, key=lambda gap: gap.seconds)
    outage = max((gap for gap in gaps if gap.failed), key=lambda gap: gap.seconds, default=None)
    since = min(begun_at, outage.begun_at if outage else begun_at)
    within = [request for request in requests if since <= request.at <= ended_at]
    errors: dict[str, int] = {}
    for request in within:
        if not request.ok:
            said = str(request.error or "no reason given")[:120]
            errors[said] = errors.get(said, 0) + 1
    arrived = (request.answered_at for request in within if request.is_good_write and request.site == target)
    return ClientView(
        requests=len(within),
        failed_requests=sum(errors.values()),
        good_writes=sum(1 for request in within if request.is_good_write),
        longest_stall_seconds=longest.seconds,
        outage_seconds=outage.seconds if outage else 0.0,
        usual_gap_seconds=statistics.median(gap.seconds for gap in gaps),
        first_good_at_target=min((at for at in arrived if at >= begun_at), default=None) if target else None,
        gaps=gaps,
        errors=errors,
    )


def _why_unusable(requests: list[Request], gaps: list[Gap], begun_at: float, ended_at: float) -> str | None:
    """A record with holes must not pass for a calm one."""
    if not gaps:
        return "the probe recorded no two good writes around the run"
    good = [request.answered_at for request in requests if request.is_good_write]
    if min(good) > begun_at:
        return "the probe recorded no good write before the run began"
    if any(request.kind == WRITE and not request.ok and request.at > max(good) for request in requests):
        return "no good write since the last failed one: writing had not come back when the record ended"
    silent_seconds = ended_at - max(request.answered_at for request in requests)
    if silent_seconds > max(5.0, (ended_at - begun_at) / 2):
        return f"the probe's record ends {silent_seconds:.0f} s before the run does"
    return None
