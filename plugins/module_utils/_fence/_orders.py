# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which orders fence a site, and what their answers prove together; pure, for the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import FenceMethod, Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.registry import METHODS
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import join_proofs
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen

CONTROLLER = "localhost"


def fence_orders(
    pairs: Iterable[Mapping[str, Any]], method: Mapping[str, Any], hosts: Iterable[str]
) -> list[dict[str, Any]]:
    """One order for each database at each place where the method works.

    An order is ``{name, system_identifier, timeline, place, user, method}``. Its ``method`` holds only what the
    database itself says: the inventory's own options, with their secrets, are combined with it in the task.
    """
    databases = list(pairs)
    member, _options = chosen(METHODS, dict(method), option="recovery_fence")
    others = _everywhere_else(databases, hosts)
    return [
        {
            "name": pair["name"],
            "system_identifier": pair["system_identifier"],
            "timeline": _fenced_timeline(pair["target"].get("database") or {}),
            "place": place,
            "user": member.USER,
            "method": {member.NAME: member.order_of(pair, databases)},
        }
        for pair in databases
        for place in _places(member, pair, others)
    ]


def _fenced_timeline(target: Mapping[str, Any]) -> int | None:
    """A standby is on the timeline of the primary that is fenced; one that was promoted before has left it."""
    return target.get("timeline") if target.get("state") == "standby" else None


def _places(member: type[FenceMethod], pair: Mapping[str, Any], others: list[str]) -> list[str]:
    if member.PLACE == Place.CONTROLLER:
        return [CONTROLLER]
    if member.PLACE == Place.DATABASE_HOST:
        return [pair["source"]["host"]]
    if len(others) < 2:
        raise InputError(
            f"find the places where {pair['name']} is to be fenced",
            cause=f"two are needed, there is {', '.join(others) or 'none'} beside the databases that are left",
            next_action="Add a witness to the inventory, or fence by power or service",
        )
    return others


def _everywhere_else(pairs: Iterable[Mapping[str, Any]], hosts: Iterable[str]) -> list[str]:
    """All hosts but those of the databases that are left: nobody is cut off from itself."""
    left = {pair["source"]["host"] for pair in pairs}
    return [host for host in dict.fromkeys(hosts) if host not in left]


def joined_answers(answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers to the orders, one for each database: what several places saw is joined to one proof."""
    given = [answer for answer in answers if answer.get("fence_proof")]
    by_name = groupby(sorted(given, key=_name), key=_name)
    return [
        {"item": {"name": name}, "fence_proof": _joined([one["fence_proof"] for one in some])} for name, some in by_name
    ]


def _name(answer: Mapping[str, Any]) -> str:
    return str(answer["item"]["name"])


def _joined(proofs: list[dict[str, Any]]) -> dict[str, Any]:
    return proofs[0] if len(proofs) == 1 else join_proofs(proofs)
