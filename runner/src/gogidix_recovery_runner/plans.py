# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plans that may be started: one table of who may, what each holds for itself, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import NotFound


class Role(StrEnum):
    """The roles of people."""

    ADMIN = "ADMIN"
    BACKUP_ADMIN = "BACKUP_ADMIN"
    RECOVERY_ADMIN = "RECOVERY_ADMIN"


class Hold(StrEnum):
    """What a plan needs for itself while it runs."""

    GROUP = "group"
    SITES = "site"
    BACKUPS = "backup"
    DRILL = "drill"


@dataclass(frozen=True)
class Plan:
    """A playbook of the collection that is started by name."""

    name: str
    title: str
    roles: frozenset[Role]
    holds: frozenset[Hold]
    moves: bool = False
    observes_only: bool = False


_BACKUP = frozenset({Role.ADMIN, Role.BACKUP_ADMIN})
_RECOVERY = frozenset({Role.ADMIN, Role.RECOVERY_ADMIN})
_ANY = frozenset(Role)
_MOVE = frozenset({Hold.GROUP, Hold.SITES})

# An emergency must never wait for a backup: backups hold only themselves, moves hold group and sites.
PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("protect", "Set up backups, archiving and the boot guard", _BACKUP, frozenset({Hold.GROUP, Hold.BACKUPS})),
        Plan("backup", "Take a backup and check it", _BACKUP, frozenset({Hold.BACKUPS})),
        Plan("copy_backups", "Copy backups to other repositories", _BACKUP, frozenset({Hold.BACKUPS})),
        Plan("verify_backups", "Prove backups and remember it", _BACKUP, frozenset({Hold.DRILL})),
        Plan("policy", "Judge whether backups are as the policy wants", _ANY, frozenset(), observes_only=True),
        Plan("repositories", "See whether repositories would take a backup", _ANY, frozenset(), observes_only=True),
        Plan("retention", "Remove the backups that no policy keeps", _BACKUP, frozenset({Hold.BACKUPS})),
        Plan("restore", "Restore in place or beside", _RECOVERY, frozenset({Hold.GROUP, Hold.BACKUPS})),
        Plan("restore_system", "Restore a site from one set", _RECOVERY, frozenset({Hold.GROUP, Hold.BACKUPS})),
        Plan("failover", "Move the protection group to another site", _RECOVERY, _MOVE, moves=True),
        Plan("failback", "Move the protection group home", _RECOVERY, _MOVE, moves=True),
        Plan("reprotect", "Make the site that was left a standby again", _RECOVERY, _MOVE, moves=True),
        Plan("undo", "Undo the steps of a run", _RECOVERY, _MOVE, moves=True),
        Plan("validate", "Observe whether the group is served as it should be", _ANY, frozenset(), observes_only=True),
        Plan("drill", "Prove a recovery without touching production", _ANY, frozenset({Hold.DRILL})),
    )
}


def plan_named(name: str) -> Plan:
    if name not in PLANS:
        raise NotFound(f"There is no plan {name!r}. The plans are {', '.join(PLANS)}.")
    return PLANS[name]


def resources(plan: Plan, group: str, sites: list[str], parameters: Mapping[str, Any], *, check: bool) -> list[str]:
    """What a run holds, in the one order in which everybody takes them. A check changes nothing and holds nothing."""
    if check:
        return []
    named = [parameters[key] for key in ("recovery_source_site", "recovery_target_site") if key in parameters]
    held = {f"{hold}:{group}" for hold in plan.holds if hold is not Hold.SITES}
    if Hold.SITES in plan.holds:
        held |= {f"{Hold.SITES}:{site}" for site in (named or sites)}
    return sorted(held)
