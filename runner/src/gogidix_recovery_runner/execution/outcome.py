# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run ended: its status and verdict from the end mark and the plan's own report; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..run_state import FINAL, RunStatus, Verdict

_NEVER_REPORTED = frozenset({RunStatus.LOST, RunStatus.CANCELLED})


@dataclass(frozen=True)
class Outcome:
    """What the record of a run says at its end."""

    status: RunStatus
    verdict: Verdict
    error: str | None = None
    rto_seconds: float | None = None
    rpo_seconds: float | None = None


def outcome_of(
    result: dict[str, Any],
    *,
    check: bool,
    observes_only: bool,
    is_past_deadline: bool,
    last_failure: str | None,
) -> Outcome:
    """The outcome; the plan's report refines it, but only exit code 0 can be success."""
    report = result.get("report") or {}
    status, error = _status(result, report, observes_only, is_past_deadline, last_failure)
    return Outcome(
        status=status,
        verdict=_verdict(status, report, check),
        error=error,
        rto_seconds=_figure(report, "rto"),
        rpo_seconds=_figure(report, "rpo"),
    )


def _status(
    result: dict[str, Any], report: dict[str, Any], observes_only: bool, is_past_deadline: bool, failure: str | None
) -> tuple[RunStatus, str | None]:
    if result["ended"] == "cancelled":
        return RunStatus.CANCELLED, _left(result)
    if result["ended"] == "killed":
        if observes_only:
            return RunStatus.TIMED_OUT, "It was ended at its deadline; it only observed, so nothing is half done."
        return RunStatus.LOST, "It was ended by force after its deadline; look at what it left, then acknowledge it."
    if result["ended"] == "error":
        return RunStatus.FAILED, result.get("error") or f"the runner ended as {result.get('runner_status')}"
    reported = _reported(report)
    if result["rc"] == 0:
        return reported or RunStatus.SUCCEEDED, failure if reported not in (None, RunStatus.SUCCEEDED) else None
    failed = RunStatus.TIMED_OUT if is_past_deadline else said_of_failure(failure)
    return (failed if reported in (None, RunStatus.SUCCEEDED) else reported), failure


def said_of_failure(failure: str | None) -> RunStatus:
    """A plan that undoes itself or parks says so with the first word of its last failure."""
    word = (failure or "").strip().partition(" ")[0].rstrip(".:;,").lower()
    return {"undone": RunStatus.UNDONE, "parked": RunStatus.PARKED}.get(word, RunStatus.FAILED)


def _reported(report: dict[str, Any]) -> RunStatus | None:
    status = report.get("status")
    if status in FINAL and status not in _NEVER_REPORTED:
        return RunStatus(status)
    return None


def _left(result: dict[str, Any]) -> str | None:
    left = result.get("processes_left")
    return f"These processes would not end: {left}" if left else None


def _verdict(status: RunStatus, report: dict[str, Any], check: bool) -> Verdict:
    if check:
        return Verdict.NOT_RUN
    if status == RunStatus.SUCCEEDED and report.get("verdict") in list(Verdict):
        return Verdict(report["verdict"])
    return Verdict.NOT_VERIFIED


def _figure(report: dict[str, Any], name: str) -> float | None:
    achieved = (report.get(name) or {}).get("achieved_seconds")
    return float(achieved) if isinstance(achieved, (int, float)) else None
