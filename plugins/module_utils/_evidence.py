# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Joining what several hosts, or several looks, know of the same backup; pure.

An entry says what was seen of one backup: ``{identity, level, proven_at, levels, host, errors, evidence, read_at,
failed_at, damaged_at}``. ``levels`` tells when each level was last proven. ``read_at`` is the newest look that went
well, ``failed_at`` the newest that did not, ``damaged_at`` when ``errors`` were found; each is null when there is none.
A failure takes away what was proven before it, and damage stays until a look after it goes well. The outcome is the
same in whatever order entries are joined, and joining them again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import TRUST_LEVELS, instant_of

Entry = dict[str, Any]
Entries = dict[str, Entry]

# What carries no instant, or one that cannot be read, is older than everything else.
NEVER = datetime.min.replace(tzinfo=UTC)


def success(identity: str, level: str, evidence: dict[str, Any], host: str, at: datetime) -> Entry:
    """A look that raised a backup to ``level``, and so proved every level below it as well."""
    seen = written(at)
    levels = {each: seen for each in TRUST_LEVELS[1 : TRUST_LEVELS.index(level) + 1]}
    return _entry(identity, host, levels, [], evidence, read_at=seen, failed_at=None, damaged_at=None)


def failure(identity: str, errors: list[str], evidence: dict[str, Any], host: str, at: datetime) -> Entry:
    """A look that did not go well. ``errors`` speak against the backup; empty means: it could not be verified."""
    seen = written(at)
    damaged_at = seen if errors else None
    return _entry(identity, host, {}, errors, evidence, read_at=None, failed_at=seen, damaged_at=damaged_at)


def _entry(
    identity: str,
    host: str | None,
    levels: dict[str, str],
    errors: list[str],
    evidence: dict[str, Any],
    *,
    read_at: str | None,
    failed_at: str | None,
    damaged_at: str | None,
) -> Entry:
    level = max(levels, key=TRUST_LEVELS.index, default=TRUST_LEVELS[0])
    return {
        "identity": identity,
        "level": level,
        "proven_at": levels.get(level, failed_at),
        "levels": levels,
        "host": host,
        "errors": errors,
        "evidence": evidence,
        "read_at": read_at,
        "failed_at": failed_at,
        "damaged_at": damaged_at,
    }


def understood(content: Any) -> Entries:
    """The entries that make sense, also those of a ledger that was written before entries told of failures."""
    if not isinstance(content, Mapping):
        return {}
    return {str(name): entry for name, each in content.items() if (entry := _understood(each)) is not None}


def _understood(entry: Any) -> Entry | None:
    is_entry = isinstance(entry, Mapping) and entry.get("level") in TRUST_LEVELS
    if not is_entry or not isinstance(entry.get("errors"), list) or not isinstance(entry.get("identity"), str):
        return None
    errors, evidence = [str(each) for each in entry["errors"]], entry.get("evidence")
    levels, proven_at = _levels_of(entry), _instant_in(entry, "proven_at")
    is_old = "failed_at" not in entry
    failed_at = proven_at if is_old and not levels else _instant_in(entry, "failed_at")
    damaged_at = (failed_at if is_old else _instant_in(entry, "damaged_at")) or written(NEVER)
    return _entry(
        entry["identity"],
        None if entry.get("host") is None else str(entry["host"]),
        levels,
        errors,
        dict(evidence) if isinstance(evidence, Mapping) else {},
        read_at=_latest(*levels.values()) if is_old else _instant_in(entry, "read_at"),
        failed_at=failed_at,
        damaged_at=damaged_at if errors else None,
    )


def _levels_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """When each level was proven; a level that no instant stands beside was proven, nobody knows when."""
    if entry["errors"]:
        return {}
    known = entry.get("levels")
    told = known if isinstance(known, Mapping) else {}
    reached = TRUST_LEVELS[1 : TRUST_LEVELS.index(entry["level"]) + 1]
    return {each: _instant_in(told, each) or written(NEVER) for each in reached}


def _instant_in(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    return value if isinstance(value, str) and instant_of(value) is not None else None


def _latest(*instants: str | None) -> str | None:
    return max((each for each in instants if each is not None), key=_as_instant, default=None)


def _as_instant(text: str | None) -> datetime:
    return instant_of(text) or NEVER


def event_at(entry: Entry) -> datetime:
    """When a look last taught something about it."""
    return _as_instant(_latest(entry["read_at"], entry["failed_at"]))


def joined_entries(sources: Iterable[Entries]) -> Entries:
    """All backups that any of these knows, each with what all of them know together."""
    known: dict[str, list[Entry]] = {}
    for source in sources:
        for name, entry in source.items():
            known.setdefault(name, []).append(entry)
    return {name: reduce(_joined, sorted(entries, key=_order)) for name, entries in known.items()}


def _order(entry: Entry) -> tuple[datetime, str, str]:
    """The newest last; of equals always the same one."""
    return event_at(entry), str(entry["host"]), json.dumps(entry, sort_keys=True)


def _joined(earlier: Entry, later: Entry) -> Entry:
    if earlier["identity"] != later["identity"]:
        # Another backup has come by this name since.
        return later
    both = (earlier, later)
    read_at, failed_at = (_latest(*(each[key] for each in both)) for key in ("read_at", "failed_at"))
    levels = {
        level: at
        for level in TRUST_LEVELS[1:]
        if (at := _latest(*(each["levels"].get(level) for each in both)))
        and (failed_at is None or _as_instant(at) > _as_instant(failed_at))
    }
    damage = max(both, key=lambda each: (_as_instant(each["damaged_at"]), each["errors"]))
    is_damaged = bool(damage["errors"]) and _as_instant(damage["damaged_at"]) >= _as_instant(read_at)
    # What was seen before a failure goes with what it proved.
    is_outdated = failed_at is not None and event_at(earlier) <= _as_instant(failed_at)
    is_outdated = is_outdated and event_at(earlier) < event_at(later)
    evidence = {**({} if is_outdated else earlier["evidence"]), **later["evidence"]}
    lost = {each for each in ("checked", "restored") if each not in levels}
    return _entry(
        later["identity"],
        later["host"],
        levels,
        damage["errors"] if is_damaged else [],
        {name: value for name, value in evidence.items() if name not in lost},
        read_at=read_at,
        failed_at=failed_at,
        damaged_at=damage["damaged_at"] if is_damaged else None,
    )
