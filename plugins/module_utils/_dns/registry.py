# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The name service providers: one table."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import NameServer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

NAME_SERVERS: dict[str, type[NameServer]] = {Rfc2136.NAME: Rfc2136}


def name_server_spec() -> dict[str, Any]:
    """The argument spec of the option C(server)."""
    return union_spec(NAME_SERVERS, required=True)


def name_server(value: dict[str, Any]) -> NameServer:
    """The provider that was given under C(server)."""
    member, options = chosen(NAME_SERVERS, value, option="server")
    return member(options)
