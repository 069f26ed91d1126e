# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Repositories that hold copies of another one, by their field copy_of: who copies what, and finds it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import (
    DATABASE,
    backup_targets,
    known_repositories,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    copy_configuration_file,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_repository import (
    PgBackRestTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    copies_of,
    exact_copy_settings,
    is_copied_to_only,
    opened,
    over_ssh,
    without_secrets,
)

Entry = Mapping[str, Any]


def backup_copies(
    databases: Mapping[str, Entry],
    repositories: Mapping[str, Entry],
    chosen: Iterable[str] = (),
    files: Mapping[str, Entry] | None = None,
    kind: str = DATABASE,
    only: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """See backup_copies.yml."""
    named = known_repositories(chosen, repositories)
    names = list(only)
    targets = backup_targets(databases, repositories, (), files, kind, names)
    return [
        _copy(target, name, repositories[name])
        for target in targets
        for name in copies_of(target["repository"]["name"], repositories)
        if not named or name in named or target["repository"]["name"] in named
    ]


def _copy(target: Entry, name: str, entry: Entry) -> dict[str, Any]:
    return {
        **target,
        "original": target["repository"],
        "repository": without_secrets(name, entry),
        "proven_on": _reaching(target, name, entry),
        # A copy that is meant to outlive its original says so itself.
        "retention": entry.get("retention") or target["retention"],
    }


def _reaching(target: Entry, name: str, entry: Entry) -> list[str]:
    """The hosts that can restore from it. A tape is first read back into a directory, which is an operator's act."""
    if is_copied_to_only(entry):
        return []
    return [target["taken_on"]] if opened(name, entry).IS_OF_ONE_HOST else list(target["proven_on"])


def tape_returns(
    databases: Mapping[str, Entry],
    repositories: Mapping[str, Entry],
    tape: str,
    into: str = "",
    files: Mapping[str, Entry] | None = None,
    only: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """See tape_returns.yml."""
    tapes = sorted(name for name, entry in repositories.items() if is_copied_to_only(entry))
    if tape not in tapes:
        raise InputError(
            f"read the tape {tape} back",
            cause=f"the tapes in recovery_repositories are {', '.join(tapes) or 'none'}",
            next_action="Name one of them in recovery_copy_back_from",
        )
    original = str(repositories[tape]["copy_of"])
    goal = into or original
    places = [name for name, entry in repositories.items() if _can_take_back(name, entry, original)]
    if goal not in places:
        raise InputError(
            f"read the tape {tape} back into {goal}",
            cause=f"directories that hold {original} or a copy of it are {', '.join(sorted(places)) or 'none'}",
            next_action="Name one of them in recovery_copy_back_to",
        )
    place = without_secrets(goal, repositories[goal])
    copies = backup_copies(databases, repositories, [tape], files, "all", only)
    return [{**copy, "tape": copy["repository"], "repository": place} for copy in copies]


def _can_take_back(name: str, entry: Entry, original: str) -> bool:
    is_of_it = name == original or entry.get("copy_of") == original
    return is_of_it and opened(name, entry).IS_DIRECTORY


def copy_report(results: Iterable[Any]) -> list[str]:
    """See copy_report.yml."""
    told = []
    for result in results:
        item = result.get("item") or {}
        target = f"{item['name']}{' of ' + item['site'] if item.get('site') else ''}"
        if item.get("tape"):
            told.append(_told_return(target, result))
            continue
        where = f"{target} from {item['original']['name']} to {item['repository']['name']}"
        if result.get("failed") or "copies" not in result:
            told.append(f"{where}: failed, {result.get('msg') or 'it was not tried'}")
            continue
        copies, missing = result["copies"], set(result["missing"])
        there = sum(each["id"] not in missing for each in copies)
        # Only a look leaves any of them missing.
        new = f"{len(copies) - there} would be copied" if missing else f"{len(result['newly_copied'])} copied now"
        tape = f", on tape {result['tape']['id']}" if result.get("tape") else ""
        told.append(f"{where}: {there} of {len(copies)} backups are there, {new}{tape}")
    return told


def _told_return(target: str, result: Mapping[str, Any]) -> str:
    """Of one tape that came back, or of one source whose backups were then listed by its own tool."""
    item = result["item"]
    where = f"from the tape {item['tape']['name']} to {item['repository']['name']}"
    if "backups" in result:
        return f"{target} {where}: {sum(not each['errors'] for each in result['backups'])} backups are back"
    if result.get("failed") or not result.get("tape"):
        return f"{where}: failed, {result.get('msg') or 'it was not tried'}"
    tape, is_there = result["tape"], result["recovery"]["is_there"]
    state = "is back" if is_there else "would be read back"
    return f"{where}: {item['original']['name']} as it was at {tape['written_at']} {state}, {tape['files']} files"


def pgbackrest_copies(
    repositories: Mapping[str, Entry], host: str, hostvars: Mapping[str, Any], databases: Mapping[str, Entry]
) -> dict[str, dict[str, str]]:
    """See pgbackrest_copies.yml."""
    settings = {}
    for copy in backup_copies(databases, repositories):
        name = copy["repository"]["name"]
        if copy["tool"] != PgBackRestTool.NAME or is_copied_to_only(repositories[name]):
            continue
        repository = opened(name, repositories[name])
        if repository.host not in (None, host):
            found = {**over_ssh(repository, hostvars), "host-config": copy_configuration_file(name)}
        elif repository.IS_OF_ONE_HOST and host != copy["taken_on"]:
            continue
        else:
            found = exact_copy_settings(repositories, name)
        settings[name] = {f"repo{repository.number}-{key}": value for key, value in found.items()}
    return settings
