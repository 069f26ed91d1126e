# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The questions to a restored copy, as modules take them."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check

CHECK_OPTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "query": {"type": "str"},
        "command": {"type": "list", "elements": "str"},
        "path": {"type": "str"},
        "expect": {"type": "str"},
        "pattern": {"type": "str"},
    },
    "mutually_exclusive": [["query", "command", "path"]],
    "required_one_of": [["query", "command", "path"]],
    "required_by": {"pattern": "path"},
}


def checks_of(given: list[dict[str, Any]]) -> list[Check]:
    """Each check without what was not said."""
    return [Check(**{name: value for name, value in each.items() if value is not None}) for each in given]
