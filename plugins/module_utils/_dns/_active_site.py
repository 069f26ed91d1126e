# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The active-site record: which site writes, and a counter that every failover raises. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import RecordSet
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import NameServiceError

FORM = re.compile(r"site=(?P<site>[a-z][a-z0-9_]*) counter=(?P<counter>[0-9]{1,18})")


@dataclass(frozen=True)
class ActiveSite:
    """What the record says."""

    site: str
    counter: int

    def __str__(self) -> str:
        return f"site={self.site} counter={self.counter}"

    def as_result(self) -> dict[str, Any]:
        return {"site": self.site, "counter": self.counter}

    @classmethod
    def from_record(cls, record: RecordSet) -> ActiveSite | None:
        """None when there is no such record; anything that is not of the form is an error, never overwritten."""
        if not record.exists:
            return None
        found = FORM.fullmatch(record.values[0]) if len(record.values) == 1 else None
        if found is None:
            raise NameServiceError(
                f"read the active-site record {record.key.name}",
                cause=f"it holds {', '.join(record.values)}, which is not of the form 'site=<key> counter=<number>'",
                next_action="Find out who wrote it; correct or delete it by hand",
                code="DR-DNS-PREREQ",
            )
        return cls(found["site"], int(found["counter"]))


def moved(seen: ActiveSite | None, site: str) -> ActiveSite:
    """The record once ``site`` is active: already there keeps the counter, a move raises it."""
    if seen is None:
        return ActiveSite(site, 1)
    return seen if seen.site == site else ActiveSite(site, seen.counter + 1)
