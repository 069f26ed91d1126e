# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Timelines: whether a server's log is part of another's history, so that it may follow it as it is; pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import (
    SHUT_DOWN,
    SHUT_DOWN_IN_RECOVERY,
    ControlData,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn

# How a server comes back to a primary.
FOLLOW = "follow"
REWIND = "rewind"
CLONE = "clone"


@dataclass(frozen=True)
class Ancestry:
    """A primary's timeline, and where each of its ancestors was left."""

    timeline: int
    switchpoints: dict[int, str]


def parse_history(timeline: int, text: str) -> Ancestry:
    """The content of a timeline history file: ``parent TAB position TAB reason`` a line."""
    switchpoints = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].isdigit():
            switchpoints[int(words[0])] = words[1]
    return Ancestry(timeline, switchpoints)


@dataclass(frozen=True)
class Return:
    """The way back that a server's own log allows, and why."""

    way: str
    reason: str


def way_back(local: ControlData, upstream: Ancestry) -> Return:
    """Follow when everything the local server has is part of the upstream's history, rewind when it is not."""
    timeline = max(local.timeline, local.minimum_recovery_end_timeline)
    if timeline == upstream.timeline:
        return same_timeline(local, timeline)
    left_at = upstream.switchpoints.get(timeline)
    if left_at is None:
        return Return(REWIND, f"its timeline {timeline} is not an ancestor of timeline {upstream.timeline}")
    if local.cluster_state == SHUT_DOWN:
        # The shutdown checkpoint is the last record; the new primary left this timeline after it, or before it.
        if parse_lsn(left_at) > parse_lsn(local.checkpoint_lsn):
            return Return(FOLLOW, f"the primary replayed its shutdown checkpoint at {local.checkpoint_lsn}")
        wrote = f"it wrote up to {local.checkpoint_lsn}"
        return Return(REWIND, f"{wrote}, the primary left timeline {timeline} at {left_at}")
    if local.cluster_state == SHUT_DOWN_IN_RECOVERY:
        reached = local.minimum_recovery_end_lsn
        if parse_lsn(reached) <= parse_lsn(left_at):
            return Return(FOLLOW, f"it replayed up to {reached}, the primary left timeline {timeline} at {left_at}")
        return Return(REWIND, f"it replayed up to {reached}, past {left_at} where the primary left timeline {timeline}")
    return Return(REWIND, f"it did not end cleanly ({local.cluster_state}), so what it wrote last is not known")


def same_timeline(local: ControlData, timeline: int) -> Return:
    """On the primary's own timeline only a standby has a place."""
    if local.cluster_state == SHUT_DOWN_IN_RECOVERY:
        return Return(FOLLOW, f"it is a standby on timeline {timeline} already")
    if local.cluster_state in (SHUT_DOWN, "in production"):
        # pg_rewind would find "no rewind required" here, and two histories would share one number.
        return Return(CLONE, f"it was itself a primary on timeline {timeline}")
    return Return(FOLLOW, f"it was a standby on timeline {timeline} that did not end cleanly")
