# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The load balancers and poolers: one table."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.base import Balancer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.haproxy import HAProxy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.pgbouncer import PgBouncer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

BALANCERS: dict[str, type[Balancer]] = {HAProxy.NAME: HAProxy, PgBouncer.NAME: PgBouncer}


def failover_spec() -> dict[str, Any]:
    """The argument spec of lb_failover."""
    return {
        "balancer": union_spec(BALANCERS, required=True),
        "deadline_seconds": {"type": "float", "default": 10.0},
    }


def info_spec() -> dict[str, Any]:
    """The argument spec of lb_failover_info: the same members, without what they should be."""
    spec = failover_spec()
    for name, member in BALANCERS.items():
        spec["balancer"]["options"][name] = {"type": "dict", "options": member.CONNECTION}
    return spec


def balancer(options: dict[str, Any]) -> Balancer:
    """The balancer that was given under C(balancer), with the deadline counted from now."""
    member, own = chosen(BALANCERS, options["balancer"], option="balancer")
    return member(own, Deadline(options["deadline_seconds"]))
