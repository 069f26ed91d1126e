# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What is wrong with repositories that are to hold copies, each mistake with its field and remedy; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import backup_copies
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_repository import ResticTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import REPOSITORIES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    differs_in_passphrase,
    engine_name,
    is_copied_to_only,
    is_copy,
    opened,
)

Entry = Mapping[str, Any]

# What tar and an exact copy need.
DIRECTORIES = tuple(sorted(name for name, kind in REPOSITORIES.items() if kind.IS_DIRECTORY))


def copy_mistakes(
    databases: Mapping[str, Entry], repositories: Mapping[str, Entry], files: Mapping[str, Entry] | None = None
) -> list[str]:
    """See copy_mistakes.yml."""
    copies = {name: str(entry["copy_of"]) for name, entry in repositories.items() if is_copy(entry)}
    if not copies:
        return []
    mistakes = [_wrong_original(name, original, repositories) for name, original in copies.items()]
    sources = {f"recovery_databases.{name}": entry for name, entry in databases.items()}
    sources |= {f"recovery_files.{name}": entry for name, entry in (files or {}).items()}
    mistakes += [
        f"{field}.repositories names {name}, which receives copies only. Name {copies[name]} instead"
        for field, entry in sources.items()
        for name in entry.get("repositories") or []
        if name in copies
    ]
    if not any(mistakes):
        mistakes = [
            _wrong_kind(copy, repositories) for copy in backup_copies(databases, repositories, (), files, "all")
        ]
    return list(dict.fromkeys(filter(None, mistakes)))


def _wrong_original(name: str, original: str, repositories: Mapping[str, Entry]) -> str:
    field = f"recovery_repositories.{name}.copy_of is {original!r}"
    if original == name:
        return f"{field}, the repository itself. Name the one whose backups it is to hold"
    if original not in repositories:
        others = sorted(each for each in repositories if not is_copy(repositories[each]))
        return f"{field}, and there is no such repository. Name one of {', '.join(others) or 'those that you add'}"
    if is_copied_to_only(repositories[original]):
        return f"{field}, a tape, which receives copies only. Name the repository that is written to that tape"
    if is_copy(repositories[original]):
        return f"{field}, which is a copy itself. Name its original, {repositories[original]['copy_of']}"
    return ""


def _wrong_kind(copy: Entry, repositories: Mapping[str, Entry]) -> str:
    """What keeps one source from being copied there; empty when nothing does."""
    name, original = copy["repository"]["name"], copy["original"]["name"]
    ours, theirs = _kind(repositories[original]), _kind(repositories[name])
    engine = ENGINES[engine_name(copy)]
    field, tool = f"recovery_repositories.{name}", engine.REPOSITORY_TOOL.NAME
    whose = f"{copy['name']}, which {tool} keeps in {original},"
    if is_copied_to_only(repositories[name]):
        if ours in DIRECTORIES:
            return ""
        return (
            f"{field}.copy_of: {whose} cannot go to a tape from a repository of the kind {ours}. "
            f"Name a directory, one of {', '.join(DIRECTORIES)}"
        )
    if theirs not in engine.REPOSITORIES:
        return (
            f"{field} is of the kind {theirs}: {whose} cannot be copied there. "
            f"Use one of {', '.join(engine.REPOSITORIES)}"
        )
    return "" if issubclass(engine.REPOSITORY_TOOL, ResticTool) else _wrong_directory(copy, repositories)


def _wrong_directory(copy: Entry, repositories: Mapping[str, Entry]) -> str:
    """An exact copy is one of directories that one host sees, and it is opened by the same passphrase."""
    name, original = copy["repository"]["name"], copy["original"]["name"]
    field = f"recovery_repositories.{name}"
    kinds = {_kind(repositories[each]) for each in (name, original)}
    if not kinds <= set(DIRECTORIES):
        return (
            f"{field}.copy_of: {copy['name']} is kept by pgBackRest, which copies no backups, so both must be "
            f"directories ({', '.join(DIRECTORIES)}) and not {' and '.join(sorted(kinds))}. Remove copy_of, and name "
            f"{name} in its repositories: then the log is archived into both, and backups are taken into both"
        )
    place, source = opened(name, repositories[name]), opened(original, repositories[original])
    if any(keeper not in (None, copy["taken_on"]) for keeper in (place.host, source.host)):
        return (
            f"{field}.repository_host.host is not {copy['taken_on']}, which takes the backups of {copy['name']}. "
            "Name a directory of that host"
        )
    if source.host and place.IS_OF_ONE_HOST:
        return (
            f"{field} is of the kind {place.NAME}, and {original} is kept by the host {source.host}. Use "
            f"repository_host with host {source.host} and a path of its own, so that the others find it"
        )
    if differs_in_passphrase(repositories, name):
        return (
            f"{field} has another passphrase than {original}: the copy of {copy['name']} is an exact one, opened "
            f"by the passphrase of {original}. Remove the passphrase of {name}"
        )
    return ""


def _kind(entry: Entry) -> str:
    return next((kind for kind in REPOSITORIES if kind in entry), "unknown")
