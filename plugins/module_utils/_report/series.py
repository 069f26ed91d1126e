# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The client's view as a plot needs it: requests per bucket of time, and the gaps worth a mark; pure."""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import ClientView, Request

MOST_POINTS = 600
_WANTED_POINTS = 240
_WIDTHS = (0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_GAPS = 5
_SHORTEST_GAP_SECONDS = 0.1


def window(begun_at: float, ended_at: float, view: ClientView) -> tuple[float, float]:
    """What the plot shows: the run, some seconds before it, and the start of an outage when that is not too far."""
    wall = max(1.0, ended_at - begun_at)
    lead = max(2.0, 0.06 * wall)
    outages = [gap.begun_at for gap in view.gaps if gap.failed]
    earliest = min([begun_at, *outages])
    return max(earliest - lead, begun_at - wall - lead), ended_at


def bucket_width(span_seconds: float, usual_gap_seconds: float | None) -> float:
    """The smallest round width that keeps the plot readable, and a bucket wide enough to hold some requests."""
    least = max(span_seconds / _WANTED_POINTS, 4 * (usual_gap_seconds or 0.0))
    longest = span_seconds / (MOST_POINTS - 1)
    return float(next((width for width in _WIDTHS if width >= least), max(longest, math.ceil(least))))


def make_series(requests: list[Request], begun_at: float, ended_at: float, view: ClientView) -> dict[str, Any]:
    """Points ``[seconds since the plan's start, good, failed, worst latency in ms]``, empty buckets included."""
    since, until = window(begun_at, ended_at, view)
    width = bucket_width(until - since, view.usual_gap_seconds)
    count = min(MOST_POINTS, max(1, math.ceil((until - since) / width)))
    good, failed, worst = [0] * count, [0] * count, [0.0] * count
    for request in requests:
        bucket = int((request.at - since) // width)
        if 0 <= bucket < count and request.at <= until:
            good[bucket] += request.ok
            failed[bucket] += not request.ok
            worst[bucket] = max(worst[bucket], request.seconds)
    start = since - begun_at
    points = [
        [round(start + index * width, 3), good[index], failed[index], round(worst[index] * 1000, 1)]
        for index in range(count)
    ]
    return {
        "from_seconds": round(start, 3),
        "to_seconds": round(until - begun_at, 3),
        "bucket_seconds": width,
        "points": points,
        "gaps": marked_gaps(view, begun_at),
    }


def marked_gaps(view: ClientView, begun_at: float) -> list[dict[str, Any]]:
    """The longest gaps that stand out from the usual spacing, and the longest of all in any case."""
    usual = view.usual_gap_seconds or 0.0
    by_length = sorted(view.gaps, key=lambda gap: gap.seconds, reverse=True)
    telling = [gap for gap in by_length[1:] if gap.seconds >= max(_SHORTEST_GAP_SECONDS, 4 * usual)]
    marked = sorted([*by_length[:1], *telling[: _MOST_GAPS - 1]], key=lambda gap: gap.begun_at)
    return [
        {
            "from_seconds": round(gap.begun_at - begun_at, 3),
            "seconds": round(gap.seconds, 3),
            "failed_requests": gap.failed,
        }
        for gap in marked
    ]
