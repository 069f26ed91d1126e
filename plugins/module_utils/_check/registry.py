# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The kinds of checks: one table."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_age import BackupAge
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_policy import BackupPolicy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Check, Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.dns import Dns
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.http import Http
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.replication import Replication
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.sql import Sql
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.tcp import Tcp
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

CHECKS: dict[str, type[Check]] = {
    kind.NAME: kind for kind in (BackupAge, BackupPolicy, Dns, Http, Replication, Sql, Tcp)
}


def check_list_spec() -> dict[str, Any]:
    """The argument spec of the option C(checks): each entry has a name and exactly one kind."""
    spec = union_spec(CHECKS, type="list", elements="dict", required=True)
    spec["options"] = {
        "name": {"type": "str", "required": True},
        "deadline_seconds": {"type": "float", "default": 5.0},
        "future": {"type": "bool", "default": False},
        **spec["options"],
    }
    return spec


def check_of(entry: dict[str, Any], surroundings: Surroundings) -> Check:
    """The check that an entry of C(checks) asks for."""
    kind, options = chosen(CHECKS, entry, option=f"checks, entry '{entry['name']}'")
    return kind(options, surroundings)
