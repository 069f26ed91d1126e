# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The report as plain text for a terminal: at most 20 lines, aligned; pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.verdict import Report, is_passed
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import (
    NOT_MEASURED,
    say_count,
    say_loss,
    say_move,
    say_parts,
    say_restores,
    say_seconds,
    say_verdict,
)

MOST_LINES = 20
_WIDTH = 110
_MOST_NOTES = 3


def render_text(report: Report, path: str | None = None) -> str:
    """The summary of one run."""
    rows = [
        ("run", f"{report['run_id']}  {say_move(report)}"),
        ("status", f"{report['status']}, {say_verdict(report['verdict'])}"),
        *[("", f"- {reason}") for reason in report["reasons"][:4]],
        ("wall time", say_seconds(report["wall_seconds"])),
        *(_moving_rows(report) if report["moves"] else []),
    ]
    checks = report["checks"]
    if checks:
        rows.append(("checks", f"{sum(map(is_passed, checks))} of {len(checks)} passed"))
    rows += [("parts", text) for text in say_parts(report)]
    rows += [("restored", text) for text in say_restores(report)[:4]]
    rows += [("copied", text) for text in report.get("copied", [])]
    rows += _note_rows(report.get("notes") or [])
    rows += [("incident", incident) for incident in report["incidents"][:2]]
    rows.append(("next", report["next_action"]))
    if path:
        rows.append(("report", path))
    return _aligned(rows)


def render_series_text(series: Report, path: str | None = None) -> str:
    """The summary of several runs, one line each."""
    rows = [("verdict", say_verdict(series["verdict"]))]
    for run in series["runs"]:
        client = run["client"]
        failed = f"{client['failed_requests']} failed" if client["failed_requests"] is not None else NOT_MEASURED
        figures = f"{say_seconds(run['wall_seconds'])}, RTO {say_seconds(run['rto']['achieved_seconds'])}, {failed}"
        rows.append((say_verdict(run["verdict"]), f"{say_move(run)}: {figures if run['moves'] else run['status']}"))
    if path:
        rows.append(("report", path))
    return _aligned(rows)


def _note_rows(notes: list[str]) -> list[tuple[str, str]]:
    """The first few; the report has the others."""
    more = len(notes) - _MOST_NOTES
    return [("note", note) for note in notes[:_MOST_NOTES]] + (
        [("", f"... {more} more in the report")] if more > 0 else []
    )


def _moving_rows(report: Report) -> list[tuple[str, str]]:
    client, rpo = report["client"], report["rpo"]
    proofs = [f"{proof.get('method')} level {proof.get('level')}" for proof in _dicts(report["fence_proofs"])]
    lost = say_count(rpo["acknowledged_lost"], "acknowledged order")
    return [
        ("first write", _first_write(report["plan_seconds"])),
        ("RTO", _objective(report["rto"])),
        ("RPO", _objective(rpo)),
        ("lost", f"{lost} (estimate: {say_loss(report['loss_estimate'])})"),
        ("fence", ", ".join(proofs) or "no proof"),
        ("client", _client_text(client)),
    ]


def _client_text(client: dict[str, Any]) -> str:
    if client["requests"] is None:
        return f"{NOT_MEASURED}: {client['text']}"
    stall = say_seconds(client["longest_stall_ms"] / 1000)
    return f"{say_count(client['requests'], 'request')}, {client['failed_requests']} failed, longest stall {stall}"


def _objective(measure: dict[str, Any]) -> str:
    objective = (
        "no objective" if measure["objective_seconds"] is None else f"{measure['objective_seconds']:g} s allowed"
    )
    return f"{say_seconds(measure['achieved_seconds'])}, {objective}"


def _first_write(seconds: float | None) -> str:
    return NOT_MEASURED if seconds is None else f"{say_seconds(seconds)} after the plan's start, at the target"


def _dicts(values: list[Any]) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)]


def _aligned(rows: list[tuple[str, str]]) -> str:
    if len(rows) > MOST_LINES:
        rows = [*rows[: MOST_LINES - 1], ("", f"... {len(rows) - MOST_LINES + 1} more lines in the report")]
    width = max(len(name) for name, _text in rows)
    return "\n".join(f"{name:<{width}}  {_shortened(' '.join(text.split()))}".rstrip() for name, text in rows)


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."
