# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether every authoritative name server shows what it should."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._resolution import Resolution
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._query import (
    canonical_name,
    canonical_record,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


class Dns(Check):
    """A record has these values at every server."""

    NAME = "dns"
    OPTIONS: dict[str, Any] = {
        "name": {"type": "str", "required": True},
        "type": {"type": "str", "choices": ["A", "AAAA", "CNAME", "TXT"], "default": "A"},
        "values": {"type": "list", "elements": "str"},
        "servers": {"type": "list", "elements": "str"},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        servers = options["servers"] or surroundings.name_servers
        self._resolution = Resolution(options["name"], options["type"], servers, surroundings)
        values = options["values"]
        if values is None:
            values = self._values_at_site(surroundings)
        self._wanted = canonical_record(self._resolution.key, 0, values)

    def observe(self, deadline: Deadline) -> Observation:
        found, told = self._resolution.agreed()
        return Observation(
            found.values == self._wanted.values, str(found), f"{self._wanted} at every server", {"answers": told}
        )

    def _values_at_site(self, surroundings: Surroundings) -> list[str]:
        """What the public records say for the site that is asked for."""
        key = self._resolution.key
        for record in surroundings.records:
            if canonical_name(str(record.get("name"))) == key.name and record.get("type", "A") == key.type:
                values = record.get("values")
                if isinstance(values, dict) and surroundings.site in values:
                    return [str(value) for value in values[surroundings.site]]
        raise InputError(
            f"know what {key} should be",
            cause=f"the check has no values, and records has none for the site {surroundings.site or '(none given)'}",
            next_action="Give values in the check, or records and site beside the checks",
        )
