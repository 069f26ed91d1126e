# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The report of one run, and of several, from the journal, the probe's record and the reconciliation; pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.folding import Run, Step
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import (
    ClientView,
    Request,
    view_client,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.series import make_series
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.verdict import Report, judge, judge_all

MOVING_MODES = ("planned", "manual", "emergency", "automatic")
_MOST_NOTES = 50
# The step (and the play) that writes this report cannot report on itself.
_OWN_STEP = "report"


def build_report(run: Run, requests: list[Request], reconciliation: dict[str, Any] | None) -> Report:
    """Everything a reader of this run needs; what was not measured is None with its reason, never 0."""
    declared = run.declared
    target = declared.get("target")
    moves = declared.get("mode") in MOVING_MODES
    view = view_client(requests, run.begun_at, run.last_at, target if moves else None)
    report: Report = {
        "run_id": run.run_id,
        "group": declared.get("group"),
        "plan": declared.get("plan") or run.plan,
        "mode": declared.get("mode"),
        "source": declared.get("source"),
        "target": target,
        "check_mode": run.is_check or bool(declared.get("check")),
        "moves": moves,
        "status": run.status,
        "started_at": as_utc(run.begun_at),
        "ended_at": as_utc(run.last_at),
        "wall_seconds": round(run.last_at - run.begun_at, 3),
        "plan_seconds": _since(run, view.first_good_at_target),
        "outage_seconds": _rounded(view.outage_seconds),
        "moved_seconds": _since(run, run.moved_at),
        "steps": [_step_of(run, step) for step in run.steps if step.name.lower() != _OWN_STEP],
        "loss_estimate": run.facts.get("recovery_loss_estimate"),
        "fence_proofs": _listed(run.facts.get("recovery_fence_proofs")) or run.proofs,
        "checks": [
            *(_listed(_checks_of(run.facts.get("recovery_validation"))) or run.checks),
            *_checks_of_restores(run),
        ],
        "incidents": [str(incident) for incident in _listed(run.facts.get("recovery_incidents"))],
        "restores": run.restores,
        "notes": _some(run.notes),
        # What a restore of a whole system put in place, of how many, and what it left out.
        "parts": run.facts.get("recovery_parts"),
        # What a run that copies backups says of each copy.
        "copied": [str(text) for text in _listed(run.facts.get("recovery_copied"))],
        "not_undone": _listed(run.facts.get("recovery_not_undone")),
        "failures": run.failures[:50],
        "journal": {"unreadable_lines": run.unreadable},
    }
    objectives = (declared.get("objectives") or {}) if moves else {}
    report["rto"] = _rto(view, objectives.get("rto_seconds"))
    report["rpo"] = _rpo(reconciliation, objectives.get("rpo_seconds"))
    report["client"] = _client(run, view, requests)
    report["reconciliation"] = reconciliation
    report["verdict"], report["reasons"] = judge(report)
    report["next_action"] = _next_action(run, report)
    return report


def build_series(reports: list[Report], title: str) -> Report:
    """Several runs as one: an overall verdict, and the runs as they are."""
    return {"title": title, "verdict": judge_all(reports), "runs": reports}


def _rto(view: ClientView, objective: float | None) -> dict[str, Any]:
    """Outage where writes failed; where none failed, the longest stall is what the client paid."""
    achieved = view.longest_stall_seconds
    if view.outage_seconds:
        achieved = view.outage_seconds
    if view.why_not:
        text = view.why_not
    elif view.outage_seconds:
        text = "from the client's last good write to its first good write after the failed ones"
    else:
        text = "no write failed; the longest time between two good writes"
    return {"objective_seconds": objective, "achieved_seconds": _rounded(achieved), "text": text}


def _rpo(reconciliation: dict[str, Any] | None, objective: float | None) -> dict[str, Any]:
    measure: dict[str, Any] = {"objective_seconds": objective, "achieved_seconds": None, "acknowledged_lost": None}
    if not reconciliation or reconciliation.get("lost") is None:
        why = (reconciliation or {}).get("why_not") or "acknowledged and present orders were not compared"
        return {**measure, "text": str(why)}
    lost, acknowledged = reconciliation["lost"], reconciliation["acknowledged"]
    if not acknowledged:
        return {**measure, "text": "no acknowledged order in the window that could have been lost"}
    measure.update(achieved_seconds=reconciliation["lost_seconds"], acknowledged_lost=lost)
    return {**measure, "text": f"{lost} of {acknowledged} acknowledged orders are missing from the database"}


def _client(run: Run, view: ClientView, requests: list[Request]) -> dict[str, Any]:
    stall = view.longest_stall_seconds
    return {
        "requests": view.requests,
        "failed_requests": view.failed_requests,
        "longest_stall_ms": None if stall is None else round(stall * 1000, 1),
        "usual_gap_ms": None if view.usual_gap_seconds is None else round(view.usual_gap_seconds * 1000, 1),
        "good_writes": view.good_writes,
        "errors": view.errors,
        "text": view.why_not,
        "series": None if view.why_not else make_series(requests, run.begun_at, run.last_at, view),
    }


def _step_of(run: Run, step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "play": step.play,
        "entry": step.entry,
        "outcome": step.outcome,
        "undo": step.is_undo,
        "undone": step.is_undone,
        "started_seconds": round(step.begun_at - run.begun_at, 3),
        "seconds": round(step.ended_at - step.begun_at, 3),
        "hosts": sorted(step.hosts),
        "tasks": step.tasks,
        "error": step.error,
    }


def _next_action(run: Run, report: Report) -> str:
    """What to do now; the failure's own advice first, since it knows best."""
    if report["incidents"]:
        return f"Answer the incident: {report['incidents'][0]}"
    if report["status"] != "succeeded":
        advice = next((failure["next_action"] for failure in run.failures if failure.get("next_action")), None)
        if advice:
            return f"{advice}, then run the plan again"
        if report["not_undone"]:
            return (
                f"Undo by hand what could not be undone ({', '.join(map(str, report['not_undone']))}), then run again"
            )
        return "Read the first failure below, remove its cause, then run the plan again"
    if report["check_mode"]:
        return "Run the plan without check mode when its preview is as wanted"
    return f"See to it: {report['reasons'][0]}" if report["reasons"] else "Nothing; the run is done"


def _checks_of(validation: Any) -> Any:
    """The result of the validation, given as its list of checks or as the whole result that holds it."""
    return validation.get("checks") if isinstance(validation, dict) else validation


def _checks_of_restores(run: Run) -> list[dict[str, Any]]:
    return [check for restore in run.restores for check in restore["checks"]]


def _some(notes: list[str]) -> list[str]:
    """As many as a person reads; the journal has all of them."""
    more = len(notes) - _MOST_NOTES
    return notes if more <= 0 else [*notes[:_MOST_NOTES], f"{more} more stand in the journal"]


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _since(run: Run, at: float | None) -> float | None:
    return None if at is None else round(at - run.begun_at, 3)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
