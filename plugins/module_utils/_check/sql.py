# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a query returns what it should."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._sql_session import (
    CONNECTION,
    ReadOnlySession,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline


class Sql(Check):
    """The first column of the first row, as text, in a read-only transaction."""

    NAME = "sql"
    OPTIONS: dict[str, Any] = {
        **CONNECTION,
        "query": {"type": "str", "required": True},
        "expected": {"type": "str", "required": True},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._options = options

    def observe(self, deadline: Deadline) -> Observation:
        with ReadOnlySession(self._options, deadline) as session:
            value = session.value(self._options["query"])
        expected = self._options["expected"]
        return Observation(value == expected, "no row" if value is None else value, expected)
