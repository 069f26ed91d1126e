# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run ended is judged from its end mark, its exit code and its report."""

from __future__ import annotations

from typing import Any

import pytest

from gogidix_recovery_runner.execution.outcome import Outcome, outcome_of


def judged(rc: int | None = 0, ended: str = "finished", failure: str | None = None, **given: Any) -> Outcome:
    result = {"ended": ended, "rc": rc, "report": given.pop("report", None), "runner_status": "x", "error": None}
    circumstances = {"check": False, "observes_only": False, "is_past_deadline": False, **given}
    return outcome_of(result, last_failure=failure, **circumstances)


@pytest.mark.parametrize(
    ("outcome", "status", "verdict"),
    [
        (judged(), "succeeded", "not_verified"),
        (judged(report={"status": "succeeded", "verdict": "verified"}), "succeeded", "verified"),
        (judged(check=True, report={"status": "succeeded", "verdict": "verified"}), "succeeded", "not_run"),
        (judged(2, report={"status": "succeeded", "verdict": "verified"}), "failed", "not_verified"),
        (judged(2, report={"status": "parked", "verdict": "not_verified"}), "parked", "not_verified"),
        (judged(0, report={"status": "parked"}), "parked", "not_verified"),
        (judged(0, report={"status": "nonsense", "verdict": "nonsense"}), "succeeded", "not_verified"),
        (judged(0, report={"status": "lost"}), "succeeded", "not_verified"),
        (judged(2, failure="Undone."), "undone", "not_verified"),
        (judged(2, failure="Parked; not undone: promote"), "parked", "not_verified"),
        (judged(2, failure="It broke"), "failed", "not_verified"),
        (judged(2, is_past_deadline=True), "timed_out", "not_verified"),
        (judged(None, "cancelled"), "cancelled", "not_verified"),
        (judged(None, "killed"), "lost", "not_verified"),
        (judged(None, "killed", observes_only=True), "timed_out", "not_verified"),
        (judged(None, "error"), "failed", "not_verified"),
    ],
)
def test_only_exit_code_0_can_be_success_and_the_report_refines_it(outcome: Outcome, status: str, verdict: str) -> None:
    assert (outcome.status, outcome.verdict) == (status, verdict)


def test_what_was_not_measured_is_not_a_figure() -> None:
    outcome = judged(report={"rto": {"achieved_seconds": 2}, "rpo": {"achieved_seconds": None}})
    assert (outcome.rto_seconds, outcome.rpo_seconds) == (2.0, None)
