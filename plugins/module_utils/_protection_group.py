# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.
"""A protection group seen from a plan: pairs of databases and poolers, with addresses and what was observed; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._loss import estimate_loss
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    usable_repositories,
    without_secrets,
)

HostVars = Mapping[str, Mapping[str, Any]]


def database_pairs(
    databases: Mapping[str, Any],
    source: str,
    target: str,
    hostvars: HostVars,
    observed: str = "readiness_observed",
) -> list[dict[str, Any]]:
    """Each declared database with its two ends, in the order in which ``after`` asks for.

    An end is ``{host, address, port, database}``; ``database`` is what the module ``database_info``
    returned into the variable ``observed`` of that host, or an empty mapping.
    """
    pairs = []
    for name in _in_order(databases):
        entry = databases[name]
        ends = {
            role: _end(name, entry, site, hostvars, observed) for role, site in (("source", source), ("target", target))
        }
        pairs.append(
            {
                "name": name,
                "engine": entry["engine"],
                "system_identifier": str(entry.get("system_identifier", "")),
                **ends,
            }
        )
    return pairs


def pooler_endpoints(
    poolers: Mapping[str, Any], hosts: Iterable[str], pairs: Iterable[Mapping[str, Any]], hostvars: HostVars
) -> list[dict[str, Any]]:
    """Each pooler on each of ``hosts``, with what would point it at either end of its database's pair.

    An entry is ``{name, host, address, database, <provider>: {...}, to_source, to_target}``, the last two being
    ready for the option ``balancer``.
    """
    by_name = {pair["name"]: pair for pair in pairs}
    return [
        {
            "name": name,
            "host": host,
            "address": _address(host, hostvars),
            **pooler,
            "to_source": _pointed(name, pooler, by_name, "source"),
            "to_target": _pointed(name, pooler, by_name, "target"),
        }
        for host in hosts
        for name, pooler in sorted(poolers.items())
    ]


def balancer_endpoints(balancers: Mapping[str, Any], hosts: Iterable[str]) -> list[dict[str, Any]]:
    """Each balancer on each of ``hosts``: ``{name, host, ready, settled, drained}``, the last three as an option.

    Ready waits until its servers are up; settled does not, since at a standby site nothing runs behind it.
    """
    return [
        {
            "name": name,
            "host": host,
            "settled": {
                kind: {**options, "state": "ready", "wait_until_up": False} for kind, options in balancer.items()
            },
            "ready": {kind: {**options, "state": "ready"} for kind, options in balancer.items()},
            "drained": {kind: {**options, "state": "drain"} for kind, options in balancer.items()},
        }
        for host in hosts
        for name, balancer in sorted(balancers.items())
    ]


def backup_targets(
    databases: Mapping[str, Any], repositories: Mapping[str, Any], chosen: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Each database with each repository that its engine can use: ``{name, engine, repository}``, without any secret.

    The tool's own configuration on the host holds the secrets, so no task argument or loop item needs them.
    """
    wanted = list(chosen)
    unknown = sorted(set(wanted) - set(repositories))
    if unknown:
        raise InputError(
            f"use the repository {unknown[0]}",
            cause=f"recovery_repositories has {', '.join(sorted(repositories))}",
            next_action="Name one of these in recovery_backup_repositories",
        )
    return [
        {
            "name": name,
            "engine": databases[name]["engine"],
            "repository": without_secrets(repository, repositories[repository]),
        }
        for name in _in_order(databases)
        for repository in usable_repositories(databases[name], repositories)
        if not wanted or repository in wanted
    ]


def records_at(records: Iterable[Mapping[str, Any]], site: str) -> list[dict[str, Any]]:
    """The records of ``recovery_dns`` with the values they have while ``site`` is active."""
    pointed = []
    for record in records:
        values = (record.get("values") or {}).get(site)
        if not values:
            raise InputError(
                f"point {record.get('name')} at {site}",
                cause=f"recovery_dns.records has no values for {site} there",
                next_action=f"Add values.{site} to the record",
            )
        pointed.append({**record, "values": list(values)})
    return pointed


def database_servers(databases: Mapping[str, Any], hostvars: HostVars) -> dict[str, dict[str, dict[str, Any]]]:
    """Where each database listens, by site: ``{name: {site: {address, port, database}}}``."""
    servers: dict[str, dict[str, dict[str, Any]]] = {}
    for name, entry in databases.items():
        engine = next(iter(entry["engine"].values()))
        servers[name] = {
            site: {"address": _address(host, hostvars), "port": engine.get("port"), "database": engine.get("database")}
            for site, host in entry["hosts"].items()
        }
    return servers


def source_probes(pairs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Checks that ask, for a second each, whether the databases of the source are silent."""
    return [
        {
            "name": f"{pair['name']} on {pair['source']['host']} is silent",
            "tcp": {"host": pair["source"]["address"], "port": pair["source"]["port"], "silent": True},
            "deadline_seconds": 1,
        }
        for pair in pairs
    ]


def group_loss(
    pairs: Iterable[Mapping[str, Any]],
    objectives: Mapping[str, Any],
    observation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The loss estimate of the whole group: sums of bytes and transactions, the longest time, every reason.

    With ``observation`` (what the observer wrote last) each source is taken from there, since it no
    longer answers; without it, from what was observed live. One unknown estimate makes the whole unknown.
    """
    estimates: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        if _has_moved(pair, _observed(observation or {}, pair["name"])):
            estimates[pair["name"]] = {**NOTHING_LEFT_TO_LOSE}
            continue
        source = pair["source"]["database"] if observation is None else _observed(observation, pair["name"])
        estimates[pair["name"]] = estimate_loss(pair["target"]["database"], source, dict(objectives))
    known = bool(estimates) and all(estimate["known"] for estimate in estimates.values())
    over = [f"{name}: {reason}" for name, estimate in sorted(estimates.items()) for reason in estimate["over"]]
    return {
        "known": known,
        **(_totals(list(estimates.values())) if known else {"bytes": None, "transactions": None, "seconds": None}),
        "basis": ", ".join(sorted({str(estimate["basis"]) for estimate in estimates.values()})) or "none",
        "over": over,
        # One that may not be promoted at all: no acceptance of a loss changes that.
        "candidate": all(estimate.get("candidate", True) for estimate in estimates.values()),
        "within_objective": known and not over,
        "databases": estimates,
    }


# A run that goes on after a crash finds the promotion done: there is nothing left to decide.
NOTHING_LEFT_TO_LOSE: dict[str, Any] = {
    "known": True,
    "bytes": 0,
    "transactions": 0,
    "seconds": 0.0,
    "basis": "moved",
    "over": [],
}


def _has_moved(pair: Mapping[str, Any], last_seen: Mapping[str, Any]) -> bool:
    """The target is a primary already, of the declared system, and no other has been seen that is or was after it.

    A primary on an older timeline than the one that was last seen writing is an old primary that came back.
    """
    target, source = pair["target"]["database"], pair["source"]["database"]
    is_ours = str(target.get("system_identifier")) == pair["system_identifier"]
    is_newest = int(target.get("timeline") or 0) >= int(last_seen.get("timeline") or 0)
    return bool(target.get("state") == "primary" and is_ours and source.get("state") != "primary" and is_newest)


def _totals(estimates: list[dict[str, Any]]) -> dict[str, Any]:
    counted = [estimate["transactions"] for estimate in estimates if estimate["transactions"] is not None]
    return {
        "bytes": sum(estimate["bytes"] or 0 for estimate in estimates),
        "transactions": sum(counted) if len(counted) == len(estimates) else None,
        "seconds": max(estimate["seconds"] or 0.0 for estimate in estimates),
    }


def _observed(observation: Mapping[str, Any], name: str) -> dict[str, Any]:
    return dict((observation.get("databases") or {}).get(name) or {})


def _in_order(databases: Mapping[str, Any]) -> list[str]:
    """Names such that each comes behind those it names in ``after``."""
    ordered: list[str] = []
    waiting = sorted(databases)
    while waiting:
        ready = [name for name in waiting if set(databases[name].get("after") or []) <= set(ordered)]
        if not ready:
            raise InputError(
                "order the databases of recovery_databases",
                cause=f"these wait for each other or for an unknown one: {', '.join(waiting)}",
                next_action="Correct their field after",
            )
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered


def _end(name: str, entry: Mapping[str, Any], site: str, hostvars: HostVars, observed: str) -> dict[str, Any]:
    host = (entry.get("hosts") or {}).get(site)
    if not host or host not in hostvars:
        raise InputError(
            f"find the host of database {name} at {site}",
            cause=f"recovery_databases.{name}.hosts.{site} is {host!r}, which is no host of the inventory",
            next_action=f"Name the host that holds {name} at {site}",
        )
    results = (hostvars[host].get(observed) or {}).get("results") or []
    described = next((one.get("database") or {} for one in results if (one.get("item") or {}).get("name") == name), {})
    port = next(iter(entry["engine"].values())).get("port")
    return {"host": host, "address": _address(host, hostvars), "port": port, "site": site, "database": described}


def _pointed(name: str, pooler: Mapping[str, Any], pairs: Mapping[str, Any], end: str) -> dict[str, Any]:
    pair = pairs.get(pooler.get("database", ""))
    if pair is None:
        raise InputError(
            f"point the pooler {name}",
            cause=f"recovery_poolers.{name}.database is {pooler.get('database')!r}, which is no database of the group",
            next_action=f"Name one of recovery_databases: {', '.join(sorted(pairs))}",
        )
    kinds = {kind: options for kind, options in pooler.items() if kind != "database"}
    server = {"database_host": pair[end]["address"], "database_port": pair[end]["port"], "drop_sessions": True}
    return {kind: {**options, **server} for kind, options in kinds.items()}


def _address(host: str, hostvars: HostVars) -> str:
    return str(hostvars[host].get("ansible_host", host))
