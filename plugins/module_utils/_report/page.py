# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The report as one page that needs nothing but itself: no script, no request; pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.axis import Scale
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.plot import render_plot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.restored import render_restores
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.sections import (
    render_checks,
    render_failures,
    render_fence,
    render_loss,
    render_table,
    render_tiles,
    render_verdict,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.stylesheet import STYLESHEET
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.timeline import render_timeline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.verdict import Report
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import (
    say_count,
    say_move,
    say_parts,
    say_seconds,
    say_verdict,
)


def render_page(report: Report) -> str:
    """The page of one run."""
    return _document(f"{_title(report)}: {say_verdict(report['verdict'])}", _render_run(report, "h1"))


def render_series_page(series: Report) -> str:
    """The page of several runs: the overall verdict, a table of the runs, then each of them."""
    rows = [
        [
            tag("a", _title(run), href=f"#{run['run_id']}"),
            render_verdict(run["verdict"]),
            say_seconds(run["wall_seconds"]),
            say_seconds(run["rto"]["achieved_seconds"]) if run["moves"] else "–",
            say_count(run["rpo"]["acknowledged_lost"], "order") if run["moves"] else "–",
            say_count(run["client"]["failed_requests"], "request") if run["moves"] else "–",
        ]
        for run in series["runs"]
    ]
    columns = ["Run", "Verdict", "Wall time", "Recovery time", "Lost", "Failed"]
    head = tag("div", tag("h1", series["title"]), tag("p", say_count(len(rows), "run"), class_="sub"))
    overview = tag(
        "section",
        tag("div", head, render_verdict(series["verdict"]), class_="head"),
        tag("div", render_table(columns, rows), class_="card"),
        class_="overview",
    )
    runs = [_render_run(run, "h2") for run in series["runs"]]
    return _document(f"{series['title']}: {say_verdict(series['verdict'])}", join([overview, *runs]))


def _document(title: str, body: Markup) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(STYLESHEET)),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", tag("main", body)), lang="en") + "\n"


def _title(report: Report) -> str:
    said = say_move(report)
    return said[:1].upper() + said[1:]


def _render_run(report: Report, heading: str) -> Markup:
    ended = f"{report['started_at'].replace('T', ' ')[:19]} UTC, {say_seconds(report['wall_seconds'])}"
    return tag(
        "article",
        tag(
            "header",
            tag(
                "div",
                tag("p", report["group"] or "Recovery report", class_="eyebrow"),
                tag(heading, _title(report)),
                tag("p", f"{ended}, {report['status']}", class_="sub"),
            ),
            render_verdict(report["verdict"]),
            class_="head",
        ),
        _render_notes(report),
        render_tiles(report) if report["moves"] else None,
        _render_moment(report),
        tag("div", render_fence(report["fence_proofs"]), render_loss(report), class_="pair")
        if report["moves"]
        else None,
        render_restores(report["restores"]) if report.get("restores") else None,
        render_checks(report["checks"]) if report["checks"] else None,
        render_failures(report["failures"]) if report["failures"] else None,
        _render_footer(report),
        class_="run",
        id=report["run_id"],
    )


def _render_notes(report: Report) -> list[Markup | None]:
    """What stands against the verdict, what needs an answer, and what to do now."""
    next_step = tag("p", tag("strong", "Next: "), report["next_action"])
    not_undone = [f"Not undone: {', '.join(map(str, report['not_undone']))}"] if report["not_undone"] else []
    return [
        _note(f"{say_verdict(report['verdict']).capitalize()}, because", report["reasons"], "card note is-bad"),
        _note("Incidents", report["incidents"] + not_undone, "card note is-bad"),
        _note("Parts", say_parts(report), "card note"),
        _note("Copied", report.get("copied", []), "card note"),
        _note("Notes", report.get("notes", []), "card note"),
        tag("div", next_step, class_="card note"),
    ]


def _note(title: str, texts: list[str], class_: str) -> Markup | None:
    if not texts:
        return None
    return tag("div", tag("strong", title), tag("ul", [tag("li", text) for text in texts]), class_=class_)


def _render_moment(report: Report) -> Markup:
    """The client's view over the steps, on one axis."""
    client: dict[str, Any] = report["client"]
    series = client["series"]
    since = series["from_seconds"] if series else -0.02 * report["wall_seconds"]
    scale = Scale(since, max(report["wall_seconds"], 0.1))
    parts: list[object] = [tag("h3", "Second by second, from the plan's start")]
    if series:
        kinds = [("good", "good"), ("bad", "failed"), ("slow", "worst latency")]
        swatches = [tag("span", tag("i", style=f"background:var(--{kind})"), text) for kind, text in kinds]
        shades = [tag("span", tag("i", style="background:var(--shade)"), "time between two good orders")]
        if any(gap["failed_requests"] for gap in series["gaps"]):
            shades.append(tag("span", tag("i", style="background:var(--outage)"), "outage"))
        parts += [tag("div", swatches, shades, class_="legend"), render_plot(client, report["steps"], scale)]
    elif report["moves"]:
        parts.append(tag("p", f"The client's view was not measured: {client['text']}.", class_="sub"))
    parts.append(render_timeline(report["steps"], scale))
    return tag("section", *parts, class_="card moment")


def _render_footer(report: Report) -> Markup:
    broken = report["journal"]["unreadable_lines"]
    lines = ["Run ", tag("code", report["run_id"]), "."]
    if broken:
        lines.append(f" {say_count(broken, 'line')} of its journal could not be read.")
    meaning = (
        "Recovery time is the client's: from its last good write to its first good write after failed ones, or the "
        "longest time between two good writes when none failed. Recovery point is the time from the last acknowledged "
        "order that survived to the last one that was lost."
    )
    return tag("footer", tag("p", lines), tag("p", meaning) if report["moves"] else None)
