# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of M(gogidix.disaster_recovery.database_switchover); its documentation is the module's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_console import (
    PoolerAddress,
    PoolerConsole,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Change
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import Cluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pair import Login, Pair, Place
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pooler import Pooler
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.sequence import Switchover
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import AnsibleShell

ARGUMENTS = {
    "pairs": {"type": "list", "elements": "dict", "required": True},
    "poolers": {"type": "list", "elements": "dict", "default": []},
    "login": {
        "type": "dict",
        "required": True,
        "options": {
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
    },
    "run_id": {"type": "str", "required": True},
    "group": {"type": "str", "required": True},
    "deadline": {"type": "float", "default": 5},
    "valid_seconds": {"type": "float", "default": 600},
    "database_user": {"type": "str", "default": "postgres"},
    "pooler_user": {"type": "str", "default": "root"},
}


class ActionModule(ActionBase):
    """Opens everything over Ansible's own connections, and hands over to the sequence."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        _valid, given = validate(ARGUMENTS)
        try:
            switchover = switchover_of(given, (task_vars or {})["hostvars"])
            return {**result, **self.switch(switchover)}
        except RecoveryError as error:
            return {**result, "failed": True, **error.as_result()}

    def switch(self, switchover: Switchover) -> dict[str, Any]:
        """Observe, and unless it is done already or only rehearsed, switch over."""
        try:
            switchover.observe()
            before = standing(switchover)
            if switchover.is_done:
                return self.outcome(switchover, Change(before, before), switchover.evidence({}))
            switchover.require_ready()
            after = {name: {"primary": now["standby"], "standby": now["primary"]} for name, now in before.items()}
            if self._task.check_mode:
                return self.outcome(switchover, Change(before, after), switchover.evidence({}), is_rehearsed=True)
            return self.outcome(switchover, Change(before, after), switchover.run())
        finally:
            for item in switchover.everything:
                item.close()

    def outcome(
        self, switchover: Switchover, change: Change, evidence: dict[str, Any], *, is_rehearsed: bool = False
    ) -> dict[str, Any]:
        proofs = switchover.fence_proofs(is_rehearsed=is_rehearsed)
        return {
            "changed": change.changed,
            "diff": change.diff,
            "fence_proofs": proofs,
            "pause_ms": switchover.pause_ms,
            "promote_ms": switchover.promote_ms,
            "recovery": {**evidence, "fence_proofs": proofs},
        }


def standing(switchover: Switchover) -> dict[str, dict[str, str]]:
    """Who is what, by pair, as observed."""
    found = {}
    for pair in switchover.pairs:
        hosts = [pair.source.host, pair.target.host]
        if not pair.before["target"]["in_recovery"]:
            hosts.reverse()
        found[pair.name] = {"primary": hosts[0], "standby": hosts[1]}
    return found


def switchover_of(given: dict[str, Any], hostvars: Mapping[str, Mapping[str, Any]]) -> Switchover:
    """Everything is read here, before anything is opened: a missing field is an InputError that names it."""
    login = Login(**given["login"])
    pairs, sites = {}, {}
    for entry in given["pairs"]:
        pair = pair_of(entry, login, given, hostvars)
        pairs[pair.name] = pair
        sites[pair.source.host] = str(entry["source"].get("site") or pair.source.host)
    poolers = [pooler_of(entry, pairs, given, hostvars) for entry in given["poolers"]]
    return Switchover(
        pairs=list(pairs.values()),
        poolers=poolers,
        group=given["group"],
        sites=sites,
        run_id=given["run_id"],
        seconds=given["deadline"],
        valid_seconds=given["valid_seconds"],
    )


def pair_of(
    entry: dict[str, Any], login: Login, given: dict[str, Any], hostvars: Mapping[str, Mapping[str, Any]]
) -> Pair:
    source, target = place_of(entry, "source"), place_of(entry, "target")
    return Pair(
        name=str(field(entry, "name", "pairs")),
        cluster=Cluster.from_options(field(field(entry, "engine", "pairs"), "postgresql", "pairs.engine")),
        system_identifier=str(field(entry, "system_identifier", "pairs")),
        source=source,
        target=target,
        login=login,
        shell=shell_of(source.host, given["database_user"], hostvars),
        run_id=given["run_id"],
        seconds=given["deadline"],
    )


def place_of(entry: dict[str, Any], side: str) -> Place:
    end = field(entry, side, "pairs")
    where = f"pairs.{side}"
    return Place(str(field(end, "host", where)), str(field(end, "address", where)), int(end.get("port") or 5432))


def pooler_of(
    entry: dict[str, Any], pairs: dict[str, Pair], given: dict[str, Any], hostvars: Mapping[str, Mapping[str, Any]]
) -> Pooler:
    kind = field(entry, "pgbouncer", "poolers")
    name = str(entry.get("database") or next(iter(pairs), ""))
    if name not in pairs:
        raise InputError(
            "read the option poolers",
            cause=f"the pooler on {entry.get('host')} stands before the database {name!r}, which is not in pairs",
            next_action="Name one of the pairs in its field database",
        )
    where = "poolers.pgbouncer"
    address = PoolerAddress(
        host=str(field(entry, "address", "poolers")),
        port=int(kind.get("port") or 6432),
        user=str(field(kind, "admin_user", where)),
        password=kind.get("admin_password"),
    )
    return Pooler(
        pair=pairs[name],
        entry=str(field(kind, "entry", where)),
        databases_file=str(field(kind, "databases_file", where)),
        console=PoolerConsole(address),
        shell=shell_of(str(field(entry, "host", "poolers")), given["pooler_user"], hostvars),
        run_id=given["run_id"],
    )


def shell_of(host: str, user: str, hostvars: Mapping[str, Mapping[str, Any]]) -> AnsibleShell:
    if host not in hostvars:
        raise InputError(
            f"reach {host}", cause="the inventory has no such host", next_action="Name a host of the inventory"
        )
    return AnsibleShell(host, hostvars[host], become_user=user)


def field(given: Mapping[str, Any], name: str, where: str) -> Any:
    """A field that must be there."""
    value = given.get(name)
    if value in (None, ""):
        raise InputError(
            f"read the option {where}", cause=f"the field {name} is missing", next_action=f"Give {where}.{name}"
        )
    return value
