# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A whole system out of one set of backups: who reads the repositories, and which backup each part gets; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import DATABASE
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import TRUST_LEVELS

Entry = Mapping[str, Any]

# A configuration says how everything else is run; state is the newest and comes last.
KINDS = ("configuration", "filesystem", DATABASE, "application_state")


def system_reads(
    targets: Iterable[Entry], databases: Mapping[str, Entry], site: str, only: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Who reads what, to restore a system at ``site``.

    An entry is ``{name, kind, site, engine, repository, host, user, is_part, wanted}``.

    A part of another site is no part of what is restored, but whether the set is whole depends on it: it is read by
    whoever opens the same repository with the same tool. What nobody here can open has no host.
    """
    reads, names = [], set(only)
    for target in targets:
        hosts = dict(databases[target["name"]].get("hosts") or {}) if target["kind"] == DATABASE else {}
        own = hosts.get(site) if target["kind"] == DATABASE else target["proven_on"][0]
        own = own if own in target["proven_on"] else None
        is_here = bool(own) and target["site"] in (None, site)
        # What is never put in place, such as a dump, is a part of the set and none of the system.
        is_part = is_here and target["in_place"]
        reads.append(
            {
                **{key: target[key] for key in ("name", "kind", "site", "engine", "repository", "tool")},
                "host": own if is_here else None,
                "user": target["proven_by"],
                "is_part": is_part,
                # What is not wanted is read all the same: without it nobody knows whether the set is whole.
                "wanted": is_part and (not names or target["name"] in names),
            }
        )
    unknown = sorted(names - {read["name"] for read in reads if read["wanted"]})
    if unknown:
        raise InputError(
            f"restore {unknown[0]}",
            cause=f"no part of the system at {site} has that name",
            next_action="Name keys of recovery_databases or recovery_files in recovery_restore_only",
        )
    for read in reads:
        if read["host"] is None:
            readers = [one for one in reads if one["host"] and _opens(one, read)]
            # Whoever has the key of the repository can read what it holds; at another site that may be another user.
            reader = next((one for one in readers if one["user"] == read["user"]), readers[0] if readers else None)
            read.update({key: reader[key] for key in ("host", "user")} if reader else {})
    return reads


def _opens(reader: Entry, read: Entry) -> bool:
    return bool(reader["tool"] == read["tool"] and reader["repository"]["name"] == read["repository"]["name"])


@dataclass
class _Set:
    """The backups that carry one consistency id, by what they are of."""

    name: str
    members: dict[tuple[str, str], list[tuple[Entry, Entry]]] = field(default_factory=dict)
    stopped_at: str = ""

    @property
    def size(self) -> int:
        """How many backups the set was to have; its name says it."""
        counted = self.name.rpartition("/")[2]
        return int(counted) if counted.isdigit() else 0

    @property
    def found(self) -> int:
        return sum(len({_original(read) for read, _record in kept}) for kept in self.members.values())

    @property
    def is_whole(self) -> bool:
        return 0 < self.size <= self.found

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.found} of {self.size or 'an unknown number of'} backups, the last at {self.stopped_at}"
        )


def system_set(read: Iterable[Entry], wanted_set: str = "", accept_incomplete: str = "") -> dict[str, Any]:
    """The set to restore, and its parts in the order in which they are put in place.

    ``read`` is what each look at a repository gave: ``{item, backups}``, an entry of ``system_reads`` and the records
    that were found; without ``backups`` where it could not be read. Returned is ``{id, total, found, parts}``; a part
    is ``{name, kind, site, host, user, engine, repository, backup, trust}``.
    """
    entries = [{**one["item"], "backups": one.get("backups")} for one in read]
    sets = _sets(entries)
    chosen = _choose(sets, wanted_set, accept_incomplete)
    wanted = [entry for entry in entries if entry["wanted"]]
    parts = list({(entry["kind"], entry["name"]): entry for entry in wanted}.values())
    parts.sort(key=lambda part: KINDS.index(part["kind"]))
    return {
        "id": chosen.name,
        "total": chosen.size,
        "found": chosen.found,
        "parts": [_part(part, chosen) for part in parts],
    }


def _sets(entries: Iterable[Entry]) -> list[_Set]:
    """All sets, the newest first."""
    sets: dict[str, _Set] = {}
    for entry in entries:
        for record in entry.get("backups") or []:
            name = record.get("consistency_id")
            if not name or record["errors"] or not record["is_complete"]:
                continue
            one = sets.setdefault(name, _Set(name))
            one.members.setdefault((entry["kind"], _stanza(entry)), []).append((entry, record))
            one.stopped_at = max(one.stopped_at, record["stopped_at"])
    return sorted(sets.values(), key=lambda one: one.stopped_at, reverse=True)


def _stanza(entry: Entry) -> str:
    return str(next(iter(entry["engine"].values())).get("stanza") or entry["name"])


def _original(entry: Entry) -> str:
    """The repository that a backup was taken into: a copy of it stands in for it, and is no other part of its set."""
    return str(entry["repository"].get("copy_of") or entry["repository"]["name"])


def _choose(sets: list[_Set], wanted: str, accept_incomplete: str) -> _Set:
    what = f"restore the system from {f'the set {wanted}' if wanted else 'its newest set'}"
    if not wanted:
        whole = next(filter(lambda one: one.is_whole, sets), None)
        if whole is not None:
            return whole
        raise PreconditionError(
            what,
            cause=f"no set is whole; there is {'; '.join(map(str, sets[:3])) or 'none'}",
            next_action="Take one by the plan backup with recovery_backup_type=full_system, or name one of these in "
            "recovery_restore_set and give recovery_accept_incomplete_set=<reason>",
        )
    named = next((one for one in sets if one.name == wanted), None)
    if named is None:
        raise InputError(
            what,
            cause=f"no repository that could be read has it; there is {'; '.join(map(str, sets[:3])) or 'none'}",
            next_action="Name one of these in recovery_restore_set",
        )
    if not named.is_whole and not accept_incomplete:
        raise PreconditionError(
            what,
            cause=f"it is not whole: {named}",
            next_action="Choose a whole set, or give recovery_accept_incomplete_set=<reason>",
        )
    return named


def _part(part: Entry, chosen: _Set) -> dict[str, Any]:
    """The most trusted of its backups; of equals the one in the first repository, where originals come first."""
    # What the host of this part cannot open, such as a copy on the disk of another one, is of no use to it.
    members = [pair for pair in chosen.members.get((part["kind"], _stanza(part)), []) if pair[0]["wanted"]]
    if not members:
        raise PreconditionError(
            f"restore {part['name']} from the set {chosen.name}",
            cause="the set has no good backup of it in a repository that could be read",
            next_action="Choose another set, or leave it out by naming the others in recovery_restore_only",
        )
    entry, record = max(members, key=lambda pair: TRUST_LEVELS.index(pair[1]["trust"]["level"]))
    return {
        **{key: part[key] for key in ("name", "kind", "site", "host", "user", "engine")},
        "repository": entry["repository"],
        "backup": record["id"],
        "trust": record["trust"]["level"],
    }
