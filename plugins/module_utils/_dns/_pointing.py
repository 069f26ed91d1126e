# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What dns_failover works on: some records and the active-site record of one zone, changed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._active_site import ActiveSite, moved
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._sweep import (
    Sweep,
    require_readable,
    sweep,
    wait_for_agreement,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    NameServer,
    RecordChange,
    RecordKey,
    RecordSet,
    ServerAnswer,
    prerequisite_failed,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class WantedRecord:
    """A record as it should be, and, when ``expected`` is given, as it must be until then."""

    record: RecordSet
    expected: RecordSet | None = None


@dataclass(frozen=True)
class WantedActiveSite:
    """The site that the active-site record should name, and the one that it must name until then."""

    key: RecordKey
    ttl: int
    site: str
    expected_site: str | None = None


class PointRecords:
    """A :class:`Subject`: the records as the primary has them, once every server agrees when they are as wanted."""

    def __init__(
        self,
        server: NameServer,
        records: Sequence[WantedRecord],
        active_site: WantedActiveSite | None,
        *,
        unreachable_accepted: Sequence[str],
        deadline: Deadline,
    ) -> None:
        self._server = server
        self._wanted = list(records)
        self._active_site = active_site
        self._accepted = frozenset(unreachable_accepted)
        self._deadline = deadline
        self._keys = [wanted.record.key for wanted in records] + ([active_site.key] if active_site else [])
        self._first: Sweep | None = None
        self._last: Sweep | None = None
        self._silent: list[ServerAnswer] = []
        if not self._keys or len(set(self._keys)) != len(self._keys):
            raise InputError(
                "read the option records",
                cause="no record is given" if not self._keys else "a record is given twice",
                next_action="Give every name and type once, with all its values",
            )

    def describe(self) -> Description:
        """The primary's records; when they are as wanted, only after every other server shows them too."""
        seen = sweep(self._server, self._keys, self._silent, self._accepted)
        if self._first is None:
            require_readable(seen, self._accepted)
            self._first = seen
            self._silent = [answer for answer in seen.answers if not answer.is_read]
        if all(seen.records[wanted.key] == wanted for wanted in self._target(seen.records)):
            seen = wait_for_agreement(
                self._server, self._keys, accepted=self._accepted, silent=self._silent, deadline=self._deadline
            )
        self._last = seen
        return {"records": [seen.records[key].as_result() for key in self._keys]}

    def plan(self, before: Description) -> Description:
        seen = _as_records(before)
        target = self._target(seen)
        conflicts = self._conflicts(seen, target)
        if conflicts:
            raise prerequisite_failed(self._server.primary, conflicts)
        return {"records": [record.as_result() for record in target]}

    def apply(self, before: Description, after: Description) -> None:
        seen, target = _as_records(before), _as_records(after)
        self._server.write([RecordChange(seen[key], target[key]) for key in self._keys], self._deadline)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "after": after, **self._cache(before, after), "servers": self._servers()}

    def results(self, after: Description) -> dict[str, Any]:
        before = {key: self._first_sweep.records[key] for key in self._keys}
        now = _as_records(after)
        return {
            "records": [
                {
                    "name": key.name,
                    "type": key.type,
                    "changed": before[key] != now[key],
                    "before": {"ttl": before[key].ttl, "values": list(before[key].values)},
                    "after": {"ttl": now[key].ttl, "values": list(now[key].values)},
                }
                for key in self._keys
            ],
            "active_site": self._active_site_result(now),
            **self._cache({"records": [record.as_result() for record in before.values()]}, after),
            "servers": self._servers(),
            "not_read": [answer["server"] for answer in self._servers() if not answer["read"]],
        }

    @property
    def _first_sweep(self) -> Sweep:
        if self._first is None:
            raise AssertionError("describe() comes first")
        return self._first

    def _target(self, seen: dict[RecordKey, RecordSet]) -> list[RecordSet]:
        target = [wanted.record for wanted in self._wanted]
        wanted_site = self._active_site
        if wanted_site is not None:
            site = moved(ActiveSite.from_record(seen[wanted_site.key]), wanted_site.site)
            target.append(RecordSet(wanted_site.key, wanted_site.ttl, (str(site),)))
        return target

    def _conflicts(self, seen: dict[RecordKey, RecordSet], target: Sequence[RecordSet]) -> list[str]:
        """What differs from what the caller expects, unless it is already what the caller wants."""
        reached = {record.key for record in target if seen[record.key] == record}
        conflicts = [
            f"expected {wanted.expected}, found {seen[wanted.record.key]}"
            for wanted in self._wanted
            if wanted.expected is not None
            and wanted.record.key not in reached
            and wanted.expected.values != seen[wanted.record.key].values
        ]
        site = self._active_site
        if site is not None and site.expected_site is not None:
            named = ActiveSite.from_record(seen[site.key])
            if named is None or named.site not in (site.site, site.expected_site):
                conflicts.append(f"expected site={site.expected_site} in {site.key}, found {seen[site.key]}")
        return conflicts

    def _cache(self, before: Description, after: Description) -> dict[str, Any]:
        """How long the former answers may live on in resolvers, the active-site record (read by us alone) left out."""
        was, now = _as_records(before), _as_records(after)
        changed = [wanted.record.key for wanted in self._wanted if was[wanted.record.key] != now[wanted.record.key]]
        seconds = max((self._first_sweep.longest_cache_seconds(key) for key in changed), default=0)
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        return {"worst_cache_seconds": seconds, "cache_expires_at": ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}

    def _servers(self) -> list[dict[str, Any]]:
        return (self._last or self._first_sweep).as_result(self._accepted)

    def _active_site_result(self, records: dict[RecordKey, RecordSet]) -> dict[str, Any] | None:
        if self._active_site is None:
            return None
        found = ActiveSite.from_record(records[self._active_site.key])
        return found.as_result() if found else None


def _as_records(description: Description) -> dict[RecordKey, RecordSet]:
    records = [
        RecordSet(RecordKey(entry["name"], entry["type"]), entry["ttl"], tuple(entry["values"]))
        for entry in description["records"]
    ]
    return {record.key: record for record in records}
