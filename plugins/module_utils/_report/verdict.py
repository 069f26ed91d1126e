# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The verdict on a run, and on several: verified only when everything was measured and held; pure."""

from __future__ import annotations

from typing import Any

VERIFIED, NOT_VERIFIED, NOT_RUN = "verified", "not_verified", "not_run"

Report = dict[str, Any]


def is_passed(check: dict[str, Any]) -> bool:
    """Unproven counts as failed: only a plain yes is one."""
    return check.get("passed") is True


def reasons_against(report: Report) -> list[str]:
    """Why a run is not verified; empty when it is."""
    reasons = []
    if report["status"] == "running":
        reasons.append("the plan has not said how it ended")
    elif report["status"] != "succeeded":
        reasons.append(f"the run ended as {report['status']}")
    checks = report["checks"]
    reasons += [f"check not passed: {check.get('name', 'unnamed')}" for check in checks if not is_passed(check)]
    if report["moves"] and not checks:
        reasons.append("nothing was validated at the target")
    if any(each["reached"] for each in report["restores"]) and not checks:
        reasons.append("nothing was asked of what was restored: it has no checks")
    reasons += _reasons_of_objective("RTO", report["rto"]) + _reasons_of_objective("RPO", report["rpo"])
    lost = report["rpo"]["acknowledged_lost"]
    if lost and report["mode"] == "planned":
        reasons.append(f"a planned move lost {lost} acknowledged orders")
    return reasons


def _reasons_of_objective(name: str, measure: dict[str, Any]) -> list[str]:
    objective, achieved = measure["objective_seconds"], measure["achieved_seconds"]
    if objective is None:
        return []
    if achieved is None:
        return [f"{name} not measured: {measure['text']}"]
    return [f"{name} missed: {achieved:g} s against {objective:g} s"] if achieved > objective else []


def judge(report: Report) -> tuple[str, list[str]]:
    """The verdict of one run with its reasons."""
    if report["check_mode"]:
        return NOT_RUN, ["check mode: nothing was changed, so nothing was proven"]
    reasons = reasons_against(report)
    return (NOT_VERIFIED, reasons) if reasons else (VERIFIED, [])


def judge_all(reports: list[Report]) -> str:
    """Of several runs: verified when each is, not run when none was."""
    verdicts = {report["verdict"] for report in reports}
    if verdicts in ({VERIFIED}, {NOT_RUN}):
        return str(verdicts.pop())
    return NOT_VERIFIED if verdicts else NOT_RUN
