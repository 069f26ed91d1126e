# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which host uses which repository, and what was seen there, as one list of checks; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_health import Limits
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    engine_name,
    is_copied_to_only,
    without_secrets,
)

NOT_SEEN = "nobody could look at it from there"
ESCROW_OPENS = "the escrowed passphrase opens it"
NO_KEY_ID = "none is given in recovery_repositories"
KEY_IS_NAMED = "key_id says under which name its passphrase is escrowed"


def repository_uses(
    targets: Iterable[Mapping[str, Any]],
    repositories: Iterable[str],
    limits: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """See repository_uses.yml."""
    wanted = _known(limits or {}, repositories)
    uses: dict[tuple[str, ...], dict[str, Any]] = {}
    for target in targets:
        kind, host, name = engine_name(target), str(target["taken_on"]), str(target["repository"]["name"])
        tool = ENGINES[kind].REPOSITORY_TOOL
        stanza = str(target["engine"][kind].get("stanza", "")) if tool.IS_OF_ONE_STANZA else ""
        own = {"engine": target["engine"], "repository": target["repository"], "user": target["taken_by"]}
        own["limits"], own["key_id"] = wanted.get(name, {}), _key_id(target, tool)
        said = f"{name} as {tool.NAME} on {host} uses it{' for ' + stanza if stanza else ''}"
        uses.setdefault((host, name, tool.NAME, stanza), {"name": said, "host": host, **own})
    return list(uses.values())


def _key_id(target: Mapping[str, Any], tool: type[RepositoryTool]) -> str | None:
    """The name under which the passphrase is escrowed, empty without one; None where nothing is encrypted.

    A copy is opened by a passphrase of its own or that of its original.
    """
    repository, original = target["repository"], target.get("original") or {}
    is_encrypted = tool.IS_ALWAYS_ENCRYPTING or repository.get("encrypted") is not False
    return str(repository.get("key_id") or original.get("key_id") or "") if is_encrypted else None


def tape_uses(targets: Iterable[Mapping[str, Any]], repositories: Mapping[str, Any]) -> list[dict[str, Any]]:
    """See tape_uses.yml."""
    tapes = {name: without_secrets(name, entry) for name, entry in repositories.items() if is_copied_to_only(entry)}
    uses = {}
    for target in targets:
        stanza = target["engine"][engine_name(target)].get("stanza")
        for name, tape in tapes.items():
            use = {"name": f"{stanza} on {name}", "host": target["taken_on"], "engine": target["engine"]}
            uses[(target["taken_on"], stanza, name)] = {**use, "repository": tape}
    return list(uses.values())


def _known(limits: Mapping[str, Mapping[str, Any]], repositories: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The limits as they are; one that nobody would ask for is a mistake, not a limit that holds."""
    names, options = sorted(repositories), sorted(each.name for each in fields(Limits))
    wrong = [name for name in limits if name not in names]
    wrong += [f"{name}.{option}" for name, given in limits.items() for option in given if option not in options]
    if wrong:
        raise InputError(
            f"read recovery_repository_limits.{wrong[0]}",
            cause=f"the repositories are {', '.join(names)}, and a limit is one of {', '.join(options)}",
            next_action="Correct the name",
        )
    return {str(name): dict(given) for name, given in limits.items()}


def repository_checks(
    uses: Iterable[Mapping[str, Any]], seen: Iterable[Any], opened: Iterable[Any], escrowed: Iterable[str]
) -> list[dict[str, Any]]:
    """See repository_checks.yml."""
    known, proven = _by_use(seen), _by_use(opened)
    given, tried = list(dict.fromkeys(escrowed)), set()
    checks = []
    for use in uses:
        name, repository = str(use["name"]), use["repository"]["name"]
        checks += _health(name, known.get(name))
        if use["key_id"] is not None:
            checks.append(_check(f"{name}: key_id", use["key_id"] != "", use["key_id"] or NO_KEY_ID, KEY_IS_NAMED))
        if repository in given:
            checks.append(_escrow(name, proven.get(name)))
            tried.add(repository)
    unused = [name for name in given if name not in tried]
    return checks + [_check(f"{name}: escrow", False, "no source is kept there", ESCROW_OPENS) for name in unused]


def _by_use(results: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """The results of a loop by the name of the use that each is of; what is none is left out, and so not seen."""
    items = [each for each in results if isinstance(each, Mapping) and isinstance(each.get("item"), Mapping)]
    return {str(each["item"].get("name")): each for each in items if not each.get("unreachable")}


def _health(name: str, result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    found = (result or {}).get("checks")
    if not isinstance(found, list) or not found:
        observed = NOT_SEEN if result is None else str(result.get("msg") or NOT_SEEN)
        return [_check(f"{name}: healthy", False, observed, "every check of its health passes")]
    told = [_check(f"{name}: {one['check']}", one["passed"] is True, one["observed"], one["required"]) for one in found]
    if result is not None and result.get("failed") and all(one["passed"] for one in told):
        told.append(_check(f"{name}: healthy", False, str(result.get("msg")), "the module does not fail"))
    return told


def _escrow(name: str, result: Mapping[str, Any] | None) -> dict[str, Any]:
    said = result or {}
    escrow = said.get("escrow")
    is_opened = isinstance(escrow, Mapping) and not said.get("failed")
    observed = f"opened at {escrow['opened_at']}" if isinstance(escrow, Mapping) else str(said.get("msg") or NOT_SEEN)
    return _check(f"{name}: escrow", is_opened, observed, ESCROW_OPENS)


def _check(name: str, passed: bool, observed: str, expected: str) -> dict[str, Any]:
    return {"name": name, "passed": passed, "observed": observed, "expected": expected}
