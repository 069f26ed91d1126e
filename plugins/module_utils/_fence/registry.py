# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The methods of fencing. Adding one is a file beside this one and a line in the table."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import FenceMethod
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.path import PathFence
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.power import PowerFence
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.service import ServiceFence
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

METHODS: dict[str, type[FenceMethod]] = {
    PathFence.NAME: PathFence,
    PowerFence.NAME: PowerFence,
    ServiceFence.NAME: ServiceFence,
}


def method_argument_spec() -> dict[str, Any]:
    """The option ``method`` of the module ``fence``."""
    return {"method": union_spec(METHODS, required=True)}


def method_of(method: dict[str, Any], *, site: str, members: list[str]) -> FenceMethod:
    """The method that the option names."""
    member, options = chosen(METHODS, method, option="method")
    return member(options, site=site, members=members)
