# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Time from left to right: one scale for the plot and the timeline below it, to be read together; pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Markup, tag

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
_MOST_TICKS = 8


@dataclass(frozen=True)
class Scale:
    """Seconds since the plan's start, and where they lie between the left and the right edge."""

    since: float
    until: float

    @property
    def span(self) -> float:
        return max(self.until - self.since, 0.001)

    def percent(self, seconds: float) -> float:
        """Where an instant lies, in percent, never outside."""
        return round(min(100.0, max(0.0, 100 * (seconds - self.since) / self.span)), 3)

    def width(self, since: float, until: float) -> float:
        return round(self.percent(until) - self.percent(since), 3)

    def ticks(self) -> list[float]:
        step = next((step for step in _TICKS if self.span / step <= _MOST_TICKS), self.span / _MOST_TICKS)
        first = int(self.since // step) + (self.since % step > 0)
        return [round(index * step, 3) for index in range(first, int(self.until // step) + 1)]


def render_axis(scale: Scale) -> Markup:
    """The tick labels; the plan's start is 0."""
    labels = [tag("span", _say_tick(at), style=f"left:{scale.percent(at)}%") for at in scale.ticks()]
    return tag("div", labels, class_="axis", aria_hidden="true")


def render_grid(scale: Scale) -> Markup:
    """Vertical lines at the ticks, behind the bars."""
    lines = [
        tag("span", style=f"left:{scale.percent(at)}%", class_="start" if at == 0 else None) for at in scale.ticks()
    ]
    return tag("div", lines, class_="grid", aria_hidden="true")


def _say_tick(seconds: float) -> str:
    if abs(seconds) < 120:
        return f"{seconds:g} s"
    minutes = seconds / 60
    return f"{minutes:g} min" if abs(minutes) < 120 else f"{minutes / 60:g} h"
