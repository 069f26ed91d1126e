# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The client's view as a plot: requests per second, good and failed, the worst latency, and the gaps; pure.

The shapes are stretched to the width of the page, the words stand beside them as text: readable on a phone too.
"""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.axis import Scale, render_grid
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Markup, tag
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import say_seconds

Series = dict[str, Any]
Point = list[float]

_WIDTH, _HEIGHT = 1000.0, 100.0
_NEAREST_LABELS = 3.2
_LEAST_GAP_LABEL = 9.0


def render_plot(client: dict[str, Any], steps: list[dict[str, Any]], scale: Scale) -> Markup:
    """Two panels over one time axis, with the begin of each step as a numbered mark."""
    series = client["series"]
    return tag(
        "div",
        tag("div", _render_step_marks(steps, scale), class_="marks", aria_hidden="true"),
        _render_rates(client, series, scale),
        _render_latencies(series, scale),
        class_="plot",
    )


def _render_rates(client: dict[str, Any], series: Series, scale: Scale) -> Markup:
    rates = [(_rate(series, point, 1), _rate(series, point, 2)) for point in series["points"]]
    highest = _round_up(max((good + failed for good, failed in rates), default=1.0))
    good_bars, failed_bars = [], []
    for point, (good, failed) in zip(series["points"], rates, strict=True):
        left, right = (_x(scale, at) for at in _edges(series, point))
        top_of_good = _HEIGHT * (1 - good / highest)
        good_bars.append(_bar(left, right, top_of_good, _HEIGHT))
        failed_bars.append(_bar(left, right, top_of_good - _HEIGHT * failed / highest, top_of_good))
    picture = _picture(
        "Requests per second",
        f"{client['requests']} requests, {client['failed_requests']} failed; "
        f"the longest time between two good writes was {say_seconds(client['longest_stall_ms'] / 1000)}.",
        _gap_shades(series, scale),
        tag("path", d="".join(good_bars), class_="good"),
        tag("path", d="".join(failed_bars), class_="bad"),
    )
    labels = [(f"{highest:g}/s", 0.0), (f"{highest / 2:g}", 50.0), ("0", 100.0)]
    return _panel("Requests per second", picture, labels, scale, _gap_labels(series, scale))


def _render_latencies(series: Series, scale: Scale) -> Markup:
    """On a logarithmic scale: what matters is ten times slower, not ten milliseconds."""
    seen = [point[3] for point in series["points"] if point[3] > 0]
    lowest = math.floor(math.log10(max(1.0, min(seen, default=1.0))))
    highest = max(lowest + 2, math.ceil(math.log10(1.1 * max(seen, default=1.0))))
    bars = []
    for point in series["points"]:
        if point[3] <= 0:
            continue
        left, right = (_x(scale, at) for at in _edges(series, point))
        share = (math.log10(max(point[3], 10.0**lowest)) - lowest) / (highest - lowest)
        bars.append(_bar(left, right, _HEIGHT * (1 - max(share, 0.02)), _HEIGHT))
    picture = _picture(
        "Worst latency",
        f"The slowest request took {say_seconds(max(seen, default=0.0) / 1000)}.",
        _gap_shades(series, scale),
        tag("path", d="".join(bars), class_="slow"),
    )
    decades = range(highest, lowest - 1, -1)
    labels = [
        (say_seconds(10.0**decade / 1000).replace(".0 s", " s"), 100 - 100 * (decade - lowest) / (highest - lowest))
        for decade in decades
    ]
    return _panel("Worst latency", picture, labels, scale, [])


def _panel(name: str, picture: Markup, labels: list[tuple[str, float]], scale: Scale, over: list[Markup]) -> Markup:
    sides = [tag("span", text, style=f"top:{round(at, 1)}%") for text, at in labels]
    return tag(
        "div",
        tag("div", name, tag("span", f", up to {labels[0][0]}", class_="only-narrow"), class_="panel-name"),
        tag("div", sides, class_="values", aria_hidden="true"),
        tag("div", render_grid(scale), picture, over, class_="area"),
        class_="panel",
    )


def _picture(name: str, description: str, *shapes: object) -> Markup:
    return tag(
        "svg",
        tag("title", name),
        tag("desc", description),
        *shapes,
        viewbox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        preserveaspectratio="none",
        role="img",
    )


def _gap_shades(series: Series, scale: Scale) -> list[Markup]:
    shades = []
    for gap in series["gaps"]:
        left, right = _x(scale, gap["from_seconds"]), _x(scale, gap["from_seconds"] + gap["seconds"])
        kind = "gap is-outage" if gap["failed_requests"] else "gap"
        shades.append(tag("rect", x=left, y=0, width=max(1.5, right - left), height=_HEIGHT, class_=kind))
    return shades


def _gap_labels(series: Series, scale: Scale) -> list[Markup]:
    """The longest first; one that would lie on another is left to the title of its shade."""
    taken: list[float] = []
    labels = []
    for gap in sorted(series["gaps"], key=lambda gap: gap["seconds"], reverse=True):
        middle = scale.percent(gap["from_seconds"] + gap["seconds"] / 2)
        if any(abs(middle - other) < _LEAST_GAP_LABEL for other in taken):
            continue
        taken.append(middle)
        kind = "gap-label is-outage" if gap["failed_requests"] else "gap-label"
        labels.append(tag("span", say_seconds(gap["seconds"]), class_=kind, style=f"left:{min(96, max(4, middle))}%"))
    return labels


def _render_step_marks(steps: list[dict[str, Any]], scale: Scale) -> list[Markup]:
    marks = []
    last = -_NEAREST_LABELS
    for number, step in enumerate(steps, 1):
        at = scale.percent(step["started_seconds"])
        if at - last < _NEAREST_LABELS:
            continue
        last = at
        marks.append(tag("span", number, style=f"left:{at}%"))
    return marks


def _edges(series: Series, point: Point) -> tuple[float, float]:
    return point[0], min(point[0] + series["bucket_seconds"], series["to_seconds"])


def _rate(series: Series, point: Point, column: int) -> float:
    left, right = _edges(series, point)
    # The last bucket may be cut off by the end of the run; too thin a slice says nothing about a rate.
    return point[column] / max(right - left, 0.3 * float(series["bucket_seconds"]))


def _bar(left: float, right: float, top: float, bottom: float) -> str:
    if bottom - top < 0.01:
        return ""
    return f"M{left:.1f} {bottom:.1f}V{top:.1f}H{right:.1f}V{bottom:.1f}Z"


def _x(scale: Scale, seconds: float) -> float:
    return round(scale.percent(seconds) * _WIDTH / 100, 2)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 ...: a scale that can be read."""
    power: float = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(step * power for step in (1, 2, 4, 5, 6, 8, 10) if step * power >= value)
