# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The parts of a run's page that are figures and tables; pure."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Content, Markup, tag
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.verdict import Report, is_passed
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import (
    NOT_MEASURED,
    say_bytes,
    say_count,
    say_loss,
    say_seconds,
    say_verdict,
)

# Not within brackets, where something is said about one of them.
BETWEEN_PARTS = re.compile(r"; (?![^()]*\))")
_SIGNS = {"verified": "✓", "not_verified": "✗", "not_run": "–"}
Row = list[Any]


def render_verdict(verdict: str) -> Markup:
    sign = tag("span", _SIGNS.get(verdict, "–"), aria_hidden="true")
    return tag("span", sign, say_verdict(verdict).capitalize(), class_=f"verdict is-{verdict}")


def render_tiles(report: Report) -> Markup:
    """The figures that a promise was made about, then what the client noticed."""
    client, rpo = report["client"], report["rpo"]
    lost = rpo["acknowledged_lost"]
    lost_text = rpo["text"] if lost is None else say_count(lost, "acknowledged order") + " lost"
    failed, stall = client["failed_requests"], client["longest_stall_ms"]
    usual = "" if client["usual_gap_ms"] is None else f"between two orders, usually {client['usual_gap_ms']:.0f} ms"
    tiles = [
        _objective_tile("Recovery time", report["rto"], report["rto"]["text"]),
        _objective_tile("Recovery point", rpo, lost_text),
        _tile(
            "Failed requests",
            None if failed is None else f"{failed:,}",
            client["text"] or f"of {client['requests']:,} that the client made",
            is_bad=bool(failed),
        ),
        _tile("Longest stall", None if stall is None else say_seconds(stall / 1000), client["text"] or usual),
        _tile("First good write", _seconds(report["plan_seconds"]), "at the target, after the plan's start"),
        _tile("Whole plan", say_seconds(report["wall_seconds"]), f"{len(report['steps'])} steps"),
    ]
    return tag("div", tiles, class_="tiles")


def _objective_tile(name: str, measure: dict[str, Any], more: str) -> Markup:
    objective, achieved = measure["objective_seconds"], measure["achieved_seconds"]
    if objective is None or achieved is None:
        allowed = "" if objective is None else f"{objective:g} s allowed; "
        return _tile(name, _seconds(achieved), allowed + more)
    is_over = achieved > objective
    share = 100.0 if is_over or objective <= 0 else 100.0 * achieved / objective
    filled = tag("span", style=f"width:{share:.1f}%", class_="is-bad" if is_over else None) if achieved else None
    meter = tag("div", filled, class_="meter", aria_hidden="true")
    allowed = f"{objective:g} s allowed; {more}"
    return _tile(name, say_seconds(achieved), allowed, meter=meter, is_bad=is_over)


def _tile(name: str, figure: str | None, more: str, *, meter: Markup | None = None, is_bad: bool = False) -> Markup:
    kind = "figure is-unknown" if figure is None else "figure is-bad" if is_bad else "figure"
    return tag(
        "div",
        tag("div", name, class_="name"),
        tag("div", figure or NOT_MEASURED.capitalize(), class_=kind),
        meter,
        tag("div", more, class_="more"),
        class_="card tile",
    )


def _seconds(seconds: float | None) -> str | None:
    return None if seconds is None else say_seconds(seconds)


def render_table(columns: list[str], rows: list[Row], class_: str | None = None) -> Markup:
    """The first cell of a row is its head."""
    head = tag("thead", tag("tr", [tag("th", column, scope="col") for column in columns])) if any(columns) else None
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", cell, data_name=name or None) for name, cell in zip(columns[1:], row[1:], strict=True)],
        )
        for row in rows
    ]
    return tag("div", tag("table", head, tag("tbody", body), class_=class_), class_="scroll")


def render_fence(proofs: list[Any]) -> Markup:
    """What proves that the source cannot write."""
    if not proofs:
        body: Markup = tag("p", "No fence proof was recorded.")
    else:
        columns = ["Site", "Level", "Method", "Observed", "Holds until"]
        keys = ("site", "level", "method", "observed_at", "expires_at")
        known = [proof if isinstance(proof, dict) else {"site": str(proof)} for proof in proofs]
        body = render_table(columns, [[_time(_cell(proof.get(key))) for key in keys] for proof in known])
    return tag("section", tag("h3", "Fence proof"), body, class_="card")


def render_loss(report: Report) -> Markup:
    """What promoting was thought to cost, beside what it did cost."""
    estimate, rpo = report["loss_estimate"], report["rpo"]
    lost = rpo["acknowledged_lost"]
    real = NOT_MEASURED if lost is None else say_count(lost, "acknowledged order")
    known = estimate if isinstance(estimate, dict) else {}
    rows: list[Row] = [
        ["In all", say_loss(estimate), real],
        ["Bytes", say_bytes(known.get("bytes")), "–"],
        ["Seconds", _cell(_seconds(known.get("seconds"))), say_seconds(rpo["achieved_seconds"])],
    ]
    ids = (report["reconciliation"] or {}).get("lost_ids") or []
    more = [tag("p", f"Basis of the estimate: {known['basis']}", class_="sub")] if known.get("basis") else []
    more += [tag("p", "Lost orders: ", tag("code", ", ".join(map(str, ids))), class_="sub")] if ids else []
    table = render_table(["", "Estimated before", "Counted after"], rows)
    return tag("section", tag("h3", "Loss: estimate beside truth"), table, more, class_="card")


def render_checks(checks: list[dict[str, Any]]) -> Markup:
    rows = []
    for check in checks:
        sign = tag("span", "✓ passed", class_="passed")
        if not is_passed(check):
            sign = tag("span", "– not run" if check.get("passed") is None else "✗ failed", class_="not-passed")
        seconds = check.get("seconds")
        took = "" if seconds is None else say_seconds(float(seconds))
        rows.append(
            [
                check.get("name", "unnamed"),
                sign,
                _lines(_cell(check.get("observed"))),
                _cell(check.get("expected")),
                took,
            ]
        )
    table = render_table(["Check", "Result", "Observed", "Expected", "Took"], rows, "checks")
    return tag("section", tag("h3", "Checks"), table, class_="card")


def render_failures(failures: list[dict[str, Any]]) -> Markup:
    rows = [
        [
            failure.get("task"),
            _cell(failure.get("host")),
            _lines(_cell(failure.get("msg"))),
            _cell(failure.get("next_action")),
        ]
        for failure in failures[:20]
    ]
    table = render_table(["Task", "Host", "What happened", "Next action"], rows, "checks")
    return tag("section", tag("h3", "Failures"), table, class_="card")


def _time(text: str) -> str:
    """An instant in UTC as its time of day: the date stands at the top of the page."""
    return f"{text[11:19]} UTC" if text.endswith("Z") and text[10:11] == "T" else text


def _lines(text: str) -> Content:
    """A verdict about many things is looked through, not read."""
    parts = BETWEEN_PARTS.split(text)
    return [tag("div", part) for part in parts] if len(parts) > 2 else text


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)
