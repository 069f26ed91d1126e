# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The part of a run's page that says what was restored from where, and what was looked at beforehand; pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.markup import Markup, tag
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.sections import render_table
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import say_reached, say_target


def render_restores(restores: list[dict[str, Any]]) -> Markup:
    """One table of all restores, then the preflight of each."""
    rows = [
        [
            f"{each['stanza']} on {each['host']}",
            str(each["repository"]),
            # Names that may be as long as they like: code wraps anywhere.
            tag("code", each["backup"] or "–"),
            say_target(each["target"]),
            say_reached(each["reached"]),
            tag("code", each["kept"] or "–"),
        ]
        for each in restores
    ]
    columns = ["What", "From", "Backup", "Wanted", "Reached", "Former data"]
    return tag(
        "section",
        tag("h3", "Restored"),
        render_table(columns, rows),
        [_render_preflight(each) for each in restores if each["preflight"]],
        class_="card",
    )


def _render_preflight(restore: dict[str, Any]) -> list[Markup]:
    found = [each for each in restore["preflight"] if isinstance(each, dict)]
    rows = [[str(each.get(name, "–")) for name in ("check", "observed", "required")] for each in found]
    title = tag("p", f"Seen before {restore['stanza']} was touched on {restore['host']}:", class_="sub")
    return [title, render_table(["Looked at", "Observed", "Required"], rows)]
