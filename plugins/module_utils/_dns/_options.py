# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""From the options of dns_failover and dns_failover_info to what they work on."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._active_site import ActiveSite
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._pointing import (
    PointRecords,
    WantedActiveSite,
    WantedRecord,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._sweep import sweep
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import NameServer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.registry import (
    name_server,
    name_server_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError

RECORD_TYPES = ["A", "AAAA", "CNAME", "TXT"]


def failover_spec() -> dict[str, Any]:
    """The argument spec of dns_failover."""
    return {
        "server": name_server_spec(),
        "records": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "type": {"type": "str", "choices": RECORD_TYPES, "default": "A"},
                "ttl": {"type": "int", "required": True},
                "values": {"type": "list", "elements": "str", "required": True},
                "expect": {"type": "list", "elements": "str"},
            },
        },
        "active_site": {
            "type": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "site": {"type": "str", "required": True},
                "expect_site": {"type": "str"},
                "ttl": {"type": "int", "default": 5},
            },
        },
        "unreachable_accepted": {"type": "list", "elements": "str", "default": []},
        "deadline_seconds": {"type": "float", "default": 10.0},
    }


def info_spec() -> dict[str, Any]:
    """The argument spec of dns_failover_info."""
    return {
        "server": name_server_spec(),
        "records": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "type": {"type": "str", "choices": RECORD_TYPES, "default": "A"},
            },
        },
        "active_site_record": {"type": "str"},
    }


def records_to_point(options: dict[str, Any]) -> PointRecords:
    """What dns_failover works on; InputError names what is wrong in the options."""
    server = name_server(options["server"])
    return PointRecords(
        server,
        [_wanted_record(server, entry) for entry in options["records"]],
        _wanted_active_site(server, options["active_site"]),
        unreachable_accepted=_accepted(server, options["unreachable_accepted"]),
        deadline=Deadline(options["deadline_seconds"]),
    )


def describe_zone(options: dict[str, Any]) -> dict[str, Any]:
    """What dns_failover_info returns."""
    server = name_server(options["server"])
    keys = [server.record_set(entry["name"], entry["type"], 0, []).key for entry in options["records"]]
    site_key = None
    if options["active_site_record"]:
        site_key = server.record_set(options["active_site_record"], "TXT", 0, []).key
    asked = list(dict.fromkeys([*keys, *([site_key] if site_key else [])]))
    seen = sweep(server, asked)
    active = ActiveSite.from_record(seen.records[site_key]) if site_key else None
    servers = seen.as_result(frozenset())
    return {
        "records": [seen.records[key].as_result() for key in keys],
        "active_site": active.as_result() if active else None,
        "serial": seen.primary.serial,
        "agree": all(answer["agrees"] for answer in servers),
        "worst_cache_seconds": max((seen.longest_cache_seconds(key) for key in keys), default=0),
        "servers": servers,
        "not_read": [answer["server"] for answer in servers if not answer["read"]],
    }


def _wanted_record(server: NameServer, entry: dict[str, Any]) -> WantedRecord:
    expected = entry["expect"]
    return WantedRecord(
        server.record_set(entry["name"], entry["type"], entry["ttl"], entry["values"]),
        None if expected is None else server.record_set(entry["name"], entry["type"], 0, expected),
    )


def _wanted_active_site(server: NameServer, entry: dict[str, Any] | None) -> WantedActiveSite | None:
    if entry is None:
        return None
    for option in ("site", "expect_site"):
        if entry[option] is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", entry[option]):
            raise InputError(
                f"read the option active_site.{option}",
                cause=f"{entry[option]!r} is no key of a site",
                next_action="Give a key of recovery_sites: a lower-case letter, then letters, digits, underscores",
            )
    key = server.record_set(entry["name"], "TXT", entry["ttl"], []).key
    return WantedActiveSite(key, entry["ttl"], entry["site"], entry["expect_site"])


def _accepted(server: NameServer, addresses: list[str]) -> list[str]:
    if server.primary in addresses:
        raise InputError(
            "read the option unreachable_accepted",
            cause=f"{server.primary} is the primary, which has to take the update",
            next_action="List secondaries only; without a primary the records cannot be changed",
        )
    return addresses
