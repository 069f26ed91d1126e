# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The steps of a run as bars over time; pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.axis import (
    Scale,
    render_axis,
    render_grid,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Markup, tag
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import say_seconds

Step = dict[str, Any]


def say_step(step: Step) -> str:
    """``fence``, ``database: promote``, ``undo fence``, words for names."""
    name = str(step["name"]).replace("_", " ")
    if step["undo"]:
        return f"undo {name}"
    return f"{name}: {step['entry'].replace('_', ' ')}" if step["entry"] not in (None, "main") else name


def say_outcome(step: Step) -> str:
    said = "begun, never finished" if step["outcome"] == "begun" else str(step["outcome"])
    if not step["undone"]:
        return said
    return "failed, undone later" if said == "failed" else "undone later"


def render_timeline(steps: list[Step], scale: Scale) -> Markup:
    """A list, so that it reads well without its bars too; the play is named where it begins."""
    rows: list[Markup] = []
    play = None
    for number, step in enumerate(steps, 1):
        if step["play"] != play and step["name"] != step["play"]:
            rows.append(tag("li", step["play"], class_="play"))
        play = step["play"]
        rows.append(_render_row(number, step, scale))
    return tag("div", render_grid(scale), tag("ol", rows, class_="steps"), render_axis(scale), class_="timeline")


def _kind(step: Step) -> str:
    """What the colour says; a failure before all else."""
    if step["outcome"] == "failed":
        return "failed"
    if step["undo"]:
        return "undo"
    return "undone" if step["undone"] else str(step["outcome"])


def _render_row(number: int, step: Step, scale: Scale) -> Markup:
    begun, ended = step["started_seconds"], step["started_seconds"] + step["seconds"]
    style = f"left:{scale.percent(begun)}%;width:{scale.width(begun, ended)}%"
    kind = _kind(step)
    hosts = ", ".join(step["hosts"])
    outcome = say_outcome(step)
    told = tag("em", outcome, class_=f"is-{kind}") if kind in ("failed", "undone", "begun") else None
    return tag(
        "li",
        tag(
            "span",
            tag("b", number, class_="number"),
            tag("span", say_step(step), " ", told, class_="name"),
            tag("span", say_seconds(step["seconds"]), class_="took"),
            class_="label",
        ),
        tag("span", tag("span", class_=f"bar is-{kind}", style=style), class_="track"),
        title=f"{say_step(step)}: {outcome}, begun {begun:.1f} s after the plan's start, on {hosts or 'no host'}",
    )
