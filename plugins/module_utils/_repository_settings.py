# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What each tool's own configuration says of every repository, made on the controller out of the inventory."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import CONFIGURATION_DIRECTORY
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_repository import ResticTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._passphrase import (
    WAYS,
    passphrase_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
    secret_names,
)

# pgBackRest removes no backup by itself where a policy of ours decides.
KEEPS_ALL = "9999999"


def pgbackrest_settings(
    repositories: Mapping[str, Any],
    host: str,
    hostvars: Mapping[str, Any],
    version: str = "2.45",
    databases: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, str]]:
    """See pgbackrest_settings.yml."""
    settings = {}
    used = _used_by_pgbackrest(databases, repositories)
    decided = _decided_by_a_policy(databases, repositories)
    for name, entry in sorted(repositories.items(), key=lambda item: int(item[1]["number"])):
        repository = opened(name, entry)
        if name not in used or is_copy(entry) or not _is_known_to_pgbackrest(repository, version):
            continue
        prefix = f"repo{repository.number}-"
        if repository.host not in (None, host):
            own = over_ssh(repository, hostvars)
        else:
            own = {**repository.pgbackrest_settings(), **_kept(name, entry, has_policy=name in decided)}
        settings[name] = {prefix + key: value for key, value in own.items()}
    return settings


def _used_by_pgbackrest(databases: Mapping[str, Any] | None, repositories: Mapping[str, Any]) -> set[str]:
    """Its settings hold for every stanza alike, so a repository that no database of its own uses stays out of them."""
    if databases is None:
        return set(repositories)
    own = [one for one in databases.values() if not issubclass(ENGINES[engine_name(one)].REPOSITORY_TOOL, ResticTool)]
    return {name for entry in own for name in usable_repositories(entry, repositories)}


def _decided_by_a_policy(databases: Mapping[str, Any] | None, repositories: Mapping[str, Any]) -> set[str]:
    """The repositories of which our retention removes backups: what pgBackRest counts would undercut its floors."""
    own = [one for one in (databases or {}).values() if one.get("retention")]
    named = {name for entry in own for name in usable_repositories(entry, repositories)}
    return named | {name for name, entry in repositories.items() if entry.get("retention")}


def _is_known_to_pgbackrest(repository: Repository, version: str) -> bool:
    engines = [engine for engine in ENGINES.values() if not issubclass(engine.REPOSITORY_TOOL, ResticTool)]
    is_usable = any(repository.NAME in engine.REPOSITORIES for engine in engines)
    return is_usable and tuple(int(part) for part in version.split(".")[:2]) >= repository.PGBACKREST_SINCE


def over_ssh(repository: Repository, hostvars: Mapping[str, Any]) -> dict[str, str]:
    """How the others reach the host that keeps a repository."""
    name = str(repository.host)
    address = name
    if name in hostvars:
        address = str(hostvars[name].get("ansible_host") or name)
    settings = {"host": address, "host-user": str(repository.options["user"])}
    if int(repository.options["port"]) != 22:
        settings["host-port"] = str(repository.options["port"])
    return settings


def exact_copy_settings(repositories: Mapping[str, Any], name: str) -> dict[str, str]:
    """Of a directory that holds an exact copy of another one, so that what opens that one opens it, too."""
    original = str(repositories[name]["copy_of"])
    kept = _kept(original, repositories[original], has_policy=True)
    return {**opened(name, repositories[name]).pgbackrest_settings(), **kept}


def _kept(name: str, entry: Mapping[str, Any], *, has_policy: bool) -> dict[str, str]:
    passphrase = passphrase_of(name, entry)
    cipher = {} if passphrase is None else {"cipher-type": "aes-256-cbc", "cipher-pass": passphrase}
    counted = KEEPS_ALL if has_policy else str(entry.get("retention_full") or "2")
    return {**cipher, "bundle": "y", "retention-full": counted}


def restic_repositories(
    repositories: Mapping[str, Any], host: str, databases: Mapping[str, Any], files: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """See restic_repositories.yml."""
    needing: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for source, entry in [*databases.items(), *files.items()]:
        # Files need not name a stanza, and a repository is of all of them.
        engine = {kind: {"stanza": source, **options} for kind, options in entry["engine"].items()}
        for name in usable_repositories(entry, repositories):
            if issubclass(ENGINES[engine_name(entry)].REPOSITORY_TOOL, ResticTool):
                hosts = [str(one) for one in (entry.get("hosts") or {}).values()]
                copies = [copy for copy in copies_of(name, repositories) if not is_copied_to_only(repositories[copy])]
                for used in (name, *copies):
                    needing.setdefault(used, []).extend((one, engine) for one in hosts)
    found = []
    for name, pairs in sorted(needing.items()):
        here = [engine for one, engine in pairs if one == host]
        if here:
            is_first = pairs[0][0] == host or opened(name, repositories[name]).IS_OF_ONE_HOST
            kept = {"initialise": is_first, "engine": here[0], "repository": without_secrets(name, repositories[name])}
            found.append({"name": name, **kept})
    return found


def usable_repositories(entry: Mapping[str, Any], repositories: Mapping[str, Any]) -> list[str]:
    """The repositories that a database or a set of files is kept in: those it names, or all that its engine can use."""
    kind = engine_name(entry)
    named = [str(name) for name in entry.get("repositories") or []]
    unknown = sorted(set(named) - set(repositories))
    if unknown:
        raise InputError(
            f"use the repository {unknown[0]}",
            cause=f"recovery_repositories has {', '.join(sorted(repositories))}",
            next_action="Correct the name",
        )
    can_use = [
        name for name, one in repositories.items() if set(one) & set(ENGINES[kind].REPOSITORIES) and not is_copy(one)
    ]
    useless = [name for name in named if name not in can_use]
    if useless:
        raise InputError(
            f"use the repository {useless[0]} for {kind}",
            cause=f"{kind} can use repositories without copy_of, of the kinds {', '.join(ENGINES[kind].REPOSITORIES)}",
            next_action="Name another repository",
        )
    return named or sorted(can_use, key=lambda name: int(repositories[name]["number"]))


def is_copy(entry: Mapping[str, Any]) -> bool:
    """Whether no backup is taken into a repository, since it holds copies of another one."""
    return entry.get("copy_of") is not None


def copies_of(name: str, repositories: Mapping[str, Any]) -> list[str]:
    """The repositories that hold copies of this one, by their numbers."""
    found = [each for each, entry in repositories.items() if entry.get("copy_of") == name and each != name]
    return sorted(found, key=lambda each: int(repositories[each]["number"]))


def differs_in_passphrase(repositories: Mapping[str, Any], name: str) -> bool:
    """Whether a copy has a passphrase of its own that does not open its original."""
    original = str(repositories[name]["copy_of"])
    return _passphrase(repositories, name) != passphrase_of(original, repositories[original])


def _passphrase(repositories: Mapping[str, Any], name: str) -> str | None:
    """A copy for which none is given has that of its original."""
    entry = repositories[name]
    original = str(entry.get("copy_of"))
    if original in repositories and not any(entry.get(way) is not None for way in WAYS):
        return passphrase_of(original, repositories[original])
    return passphrase_of(name, entry)


def is_copied_to_only(entry: Mapping[str, Any]) -> bool:
    """Whether a repository is of a kind that no engine backs up into, as a tape is."""
    return not any(set(entry) & set(engine.REPOSITORIES) for engine in ENGINES.values())


def engine_name(entry: Mapping[str, Any]) -> str:
    """The engine of an entry of recovery_databases or recovery_files."""
    kinds = [str(kind) for kind in entry.get("engine") or {}]
    if len(kinds) != 1 or kinds[0] not in ENGINES:
        raise InputError(
            "read the engine of an entry of recovery_databases or recovery_files",
            cause=f"exactly one of {', '.join(sorted(ENGINES))} is wanted, given: {', '.join(kinds) or 'none'}",
            next_action="Correct its field engine",
        )
    return kinds[0]


def restic_environment(repositories: Mapping[str, Any], name: str) -> str:
    """See restic_environment.yml."""
    repository = opened(name, repositories[name])
    address = repository.restic_address()
    values = {
        "RESTIC_REPOSITORY": address.url,
        "RESTIC_PASSWORD_FILE": f"{CONFIGURATION_DIRECTORY}/{name}.key",
        **address.environment,
    }
    if address.options:
        values["RECOVERY_RESTIC_OPTIONS"] = shlex.join(address.options)
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())


def repository_passphrase(repositories: Mapping[str, Any], name: str) -> str:
    """See repository_passphrase.yml."""
    found = _passphrase(repositories, name)
    if found is None:
        raise InputError(
            f"keep backups in the repository {name}",
            cause="encrypted is false, and restic always encrypts",
            next_action="Give it a passphrase, or let only PostgreSQL use it",
        )
    return found


def without_secrets(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of recovery_repositories as a module wants it: the tool's own configuration holds the secrets."""
    secrets = secret_names()
    kept: dict[str, Any] = {"name": name}
    for key, value in entry.items():
        if isinstance(value, Mapping):
            kept[key] = {option: one for option, one in value.items() if option not in secrets}
        elif key not in secrets:
            kept[key] = value
    return kept


def opened(name: str, entry: Mapping[str, Any]) -> Repository:
    """The repository of an entry of recovery_repositories."""
    return open_repository(read_entry(name, dict(entry)))
