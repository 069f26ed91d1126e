# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a run: statuses, verdicts, legal transitions as one table; pure."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNDONE = "undone"
    PARKED = "parked"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


class Verdict(StrEnum):
    """What was proven, apart from how the process ended."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    NOT_RUN = "not_run"


_ENDS = frozenset(
    {
        RunStatus.SUCCEEDED,
        RunStatus.FAILED,
        RunStatus.UNDONE,
        RunStatus.PARKED,
        RunStatus.CANCELLED,
        RunStatus.TIMED_OUT,
        RunStatus.LOST,
    }
)

TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.WAITING: frozenset({RunStatus.QUEUED, RunStatus.CANCELLED}),
    RunStatus.QUEUED: frozenset({RunStatus.WAITING, RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.FAILED}),
    RunStatus.RUNNING: _ENDS,
    **{status: frozenset() for status in _ENDS},
}

FINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)
ACTIVE = frozenset(TRANSITIONS) - FINAL
# A lost run is final, and still holds what it held until a person has looked.
RELEASES_LOCKS = FINAL - {RunStatus.LOST}


def may_become(status: RunStatus, following: RunStatus) -> bool:
    return following in TRANSITIONS[status]
