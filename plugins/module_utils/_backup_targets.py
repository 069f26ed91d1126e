# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a protection group backs up, into which repository, on which host and as whom; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._protection_group import in_order
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    engine_name,
    is_copy,
    opened,
    usable_repositories,
    without_secrets,
)

DATABASE = "database"
FILE_KINDS = ("filesystem", "configuration", "application_state", "logs")
# What an operator asks for, and the kinds that it means. Logs are no part of a system.
TYPES = {
    "all": (DATABASE, *FILE_KINDS),
    "full_system": (DATABASE, "filesystem", "configuration", "application_state"),
    **{kind: (kind,) for kind in (DATABASE, *FILE_KINDS)},
}

# The strategy of an engine whose data can be brought to any moment.
LOG = "transaction_log"

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """One thing that is backed up: a database, or a set of files at one site."""

    name: str
    kind: str
    site: str | None
    entry: Entry
    engine: Entry
    hosts: list[str]


def backup_targets(
    databases: Mapping[str, Entry],
    repositories: Mapping[str, Entry],
    chosen: Iterable[str] = (),
    files: Mapping[str, Entry] | None = None,
    kind: str = DATABASE,
    only: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Each source of the group with each repository it goes to, without any secret.

    An entry is ``{name, kind, site, engine, repository, tool, in_place, strategies, taken_on, taken_by, proven_on,
    proven_by, checks, anomalies, retention, rpo_seconds}``. The tool's own configuration on the host holds the
    secrets, so no task argument or loop item needs them.
    """
    if kind not in TYPES:
        raise InputError(
            "choose what is backed up",
            cause=f"recovery_backup_type is {kind!r}",
            next_action=f"Use one of {', '.join(sorted(TYPES))}",
        )
    wanted, named = list(only), known_repositories(chosen, repositories)
    targets = [
        target
        for source in [*_databases(databases), *_file_sets(files or {})]
        if source.kind in TYPES[kind] and (not wanted or source.name in wanted)
        for target in _into_repositories(source, repositories, named)
    ]
    missing = sorted(set(wanted) - {target["name"] for target in targets})
    # Into a copy nothing is backed up, which is no reason to refuse who asks for what it holds.
    if missing and not any(is_copy(repositories[name]) for name in named):
        raise InputError(
            f"back up {missing[0]}",
            cause=f"{kind} has no source of that name with a repository",
            next_action="Name keys of recovery_databases or recovery_files in recovery_backup_only",
        )
    return targets


def known_repositories(chosen: Iterable[str], repositories: Mapping[str, Entry]) -> list[str]:
    """The names that were chosen, each of which must be there."""
    names = list(chosen)
    unknown = sorted(set(names) - set(repositories))
    if unknown:
        raise InputError(
            f"use the repository {unknown[0]}",
            cause=f"recovery_repositories has {', '.join(sorted(repositories))}",
            next_action="Name one of these in recovery_backup_repositories",
        )
    return names


def _databases(databases: Mapping[str, Entry]) -> list[Source]:
    """One source a database, with all of its hosts."""
    return [
        Source(name, DATABASE, None, databases[name], databases[name]["engine"], _hosts(databases[name]))
        for name in in_order(databases)
    ]


def _hosts(entry: Entry) -> list[str]:
    return list(dict.fromkeys((entry.get("hosts") or {}).values()))


def _file_sets(files: Mapping[str, Entry]) -> list[Source]:
    """One source a set and site: the same paths of two hosts are two different things."""
    sources = []
    for name, entry in sorted(files.items()):
        kind = str(entry.get("kind"))
        if kind not in FILE_KINDS:
            raise InputError(
                f"read recovery_files.{name}",
                cause=f"its kind is {kind}",
                next_action=f"Set kind to one of {', '.join(FILE_KINDS)}",
            )
        for site, host in (entry.get("hosts") or {}).items():
            sources.append(Source(name, kind, site, entry, _of_site(name, entry["engine"], site, kind), [host]))
    return sources


def _of_site(name: str, engine: Entry, site: str, kind: str) -> dict[str, Any]:
    """The engine with the site in its stanza, so that the backups of two sites never mix."""
    return {
        member: {**options, "stanza": f"{options.get('stanza') or name}.{site}", "kind": kind}
        for member, options in engine.items()
    }


def _into_repositories(source: Source, repositories: Mapping[str, Entry], chosen: list[str]) -> list[dict[str, Any]]:
    engine = ENGINES[engine_name({"engine": source.engine})]
    used = usable_repositories(source.entry, repositories)
    # A host that keeps one repository writes to the others as well: two hosts would lock each other out of a stanza.
    keepers = [opened(name, repositories[name]).host for name in used] if engine.KEEPER_USER else []
    keeper = next(filter(None, keepers), None)
    targets = []
    for name in used:
        repository = repositories[name]
        if chosen and name not in chosen:
            continue
        targets.append(
            {
                "name": source.name,
                "kind": source.kind,
                "site": source.site,
                "engine": source.engine,
                "repository": without_secrets(name, repository),
                "tool": engine.REPOSITORY_TOOL.NAME,
                "in_place": engine.RESTORES_IN_PLACE,
                "strategies": list(engine.STRATEGIES),
                "taken_on": keeper or (source.hosts or [""])[0],
                "taken_by": engine.KEEPER_USER if keeper else engine.USER,
                "proven_on": source.hosts,
                "proven_by": engine.USER,
                "checks": source.entry.get("checks"),
                "anomalies": source.entry.get("anomalies") or {},
                "retention": source.entry.get("retention") or repository.get("retention") or {},
                "rpo_seconds": source.entry.get("rpo_seconds"),
            }
        )
    return targets


def backup_proofs(
    targets: Iterable[Mapping[str, Any]], level: str, host: str = "", checks: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Where, by whom and by which questions each is proven.

    An entry is ``{name, engine, repository, host, user, checks, retention}``. Reading a repository is done by whoever
    writes it. A trial restore is made where the data is: on the last of its hosts, which is seldom the active one, or
    for databases on ``host``. ``checks`` are for databases without their own.
    """
    proofs = []
    for target in targets:
        is_database = target["kind"] == DATABASE
        restored_on = host if host and (is_database or host in target["proven_on"]) else target["proven_on"][-1]
        is_read = level == "checked"
        own = target["checks"]
        proofs.append(
            {
                "name": target["name"],
                "engine": target["engine"],
                "repository": target["repository"],
                "host": target["taken_on"] if is_read else restored_on,
                "user": target["taken_by"] if is_read else target["proven_by"],
                "checks": list(own if own is not None else checks if is_database else []),
                "retention": target["retention"],
            }
        )
    return proofs


def recovery_point_objectives(targets: Iterable[Mapping[str, Any]], group: Mapping[str, Any]) -> dict[str, Any]:
    """See recovery_point_objectives.yml."""
    objectives = {}
    for target in targets:
        own = target["rpo_seconds"]
        # Without a log the newest backup is the newest moment, and the policy says how old that may be.
        promised = group.get("rpo_seconds") if LOG in target["strategies"] and own is None else own
        if promised is not None:
            objectives[str(target["engine"][engine_name(target)]["stanza"])] = promised
    return objectives
