# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The backups that a restic repository holds, from one listing of its snapshots: their tags say all that a list needs.

A backup is two snapshots. The first holds the data. The second holds its record, and is written only when the data
was proven whole: data without a record was broken off, and is nothing that may be restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_chain import chained
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import (
    INSIDE,
    TAG,
    Figures,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

RECORD_FILE = "record.json"
PART_DATA, PART_RECORD = "data", "record"
MARK = "recovery"
UNREAD_RECORD = "its record cannot be read, so nobody knows whether it was proven whole"
NO_RECORD = "it was broken off: it has no record, so it was never proven whole"


@dataclass(frozen=True)
class Listing:
    """The backups of one name, oldest first, with the snapshots that each lies in."""

    records: list[BackupRecord]
    record_snapshots: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    # All that each record is tagged with: an engine may have added to it.
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    # Records whose data is gone: rubbish, to be forgotten with the next one.
    strays: list[str] = field(default_factory=list)
    # By snapshot: what it holds, and the first of its kind when it was copied from another repository.
    trees: dict[str, str] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)

    def snapshots_of(self, record: BackupRecord) -> list[str]:
        """Everything of a backup that is to be forgotten with it."""
        own = self.record_snapshots.get(record.id)
        return [record.id] if own is None else [record.id, own]

    def find(self, identifier: str) -> BackupRecord | None:
        """A backup by its identifier, or by a beginning of it that no other has."""
        found = [record for record in self.records if record.id.startswith(identifier)] if identifier else []
        return found[0] if len(found) == 1 else None


def snapshot_as_listed(identifier: str, tags: dict[str, str], at: datetime) -> dict[str, Any]:
    """A snapshot of ours as restic will list it, as far as a list of backups needs it; its tree only restic knows."""
    return {"id": identifier, "tags": write_tags(tags)[1::2], "time": written(at)}


def write_tags(tags: dict[str, str]) -> list[str]:
    """Tags as arguments. restic separates tags by commas, so values are quoted as in an address."""
    words = [MARK, *(f"{name}={quote(value, safe=':+./-_ ')}" for name, value in tags.items() if value != "")]
    return [argument for word in words for argument in ("--tag", word)]


def read_tags(snapshot: dict[str, Any]) -> dict[str, str]:
    """The tags of a snapshot by name; what is not ours is left out."""
    pairs = (str(tag).partition("=") for tag in snapshot.get("tags") or [])
    return {name: unquote(value) for name, separator, value in pairs if separator}


def record_tags(record: BackupRecord, *, of: str, set_id: str, kind: str = "", is_alone: bool = True) -> dict[str, str]:
    """The tags that a backup's record is stored with: all that its line in a list needs.

    ``set_id`` is the same on the data and on its record. ``is_alone`` is False when it can only be restored
    together with its parent.
    """
    return {
        "stanza": record.stanza,
        "engine": record.engine,
        "part": PART_RECORD,
        "of": of,
        "set": set_id,
        "kind": kind,
        "strategy": record.strategy,
        "parent": record.parent or "",
        "alone": "1" if is_alone else "0",
        "started": written(record.started_at),
        "stopped": written(record.stopped_at),
        "size": str(record.size_bytes),
        "stored": str(record.stored_bytes),
        "changed": str(record.changed_bytes),
        "consistent": "1" if record.is_consistent else "0",
        "system": record.system_identifier,
        "version": record.server_version,
        "position": record.log_position,
        "start_lsn": record.start_lsn,
        "stop_lsn": record.stop_lsn,
        "consistency_id": record.consistency_id,
        "key_id": record.key_id,
    }


def data_tags(*, stanza: str, engine: str, strategy: str, set_id: str, system: str = "") -> dict[str, str]:
    """The tags that the data is stored with."""
    return {
        "stanza": stanza,
        "engine": engine,
        "part": PART_DATA,
        "set": set_id,
        "strategy": strategy,
        "system": system,
    }


def read_listing(
    snapshots: list[dict[str, Any]],
    *,
    stanza: str,
    engine: str,
    repository: str,
    figures: Mapping[str, Figures] = MappingProxyType({}),
) -> Listing:
    """The backups of one name and engine out of restic's list; a snapshot that is not understood is a failure.

    ``figures`` are those that stand inside of records, by set.
    """
    data: dict[str, dict[str, Any]] = {}
    by_set: dict[str, str] = {}
    proofs: list[tuple[dict[str, Any], dict[str, str]]] = []
    for snapshot in snapshots:
        tags = read_tags(snapshot)
        if tags.get("stanza") != stanza or tags.get("engine") != engine or MARK not in (snapshot.get("tags") or []):
            continue
        if tags.get("part") == PART_RECORD:
            proofs.append((snapshot, tags))
        elif tags.get("part") == PART_DATA:
            data[str(snapshot["id"])], by_set[tags.get("set", "")] = snapshot, str(snapshot["id"])
    originals = {identifier: str(snapshot.get("original") or identifier) for identifier, snapshot in data.items()}
    names = {original: identifier for identifier, original in originals.items()}
    records: dict[str, BackupRecord] = {}
    owners: dict[str, str] = {}
    kinds: dict[str, str] = {}
    said: dict[str, dict[str, str]] = {}
    strays: list[str] = []
    for snapshot, tags in proofs:
        identifier = by_set.get(tags.get("set", ""))
        tags.update(figures.get(tags.get("set", ""), {}))
        if identifier is not None and tags.get(TAG) == INSIDE and "of" not in tags:
            records[identifier] = unproven(data[identifier], repository, UNREAD_RECORD)
            owners[identifier], kinds[identifier], said[identifier] = str(snapshot["id"]), tags.get("kind", ""), tags
            continue
        if identifier is None or not originals[identifier].startswith(tags.get("of") or "?"):
            strays.append(str(snapshot["id"]))
            continue
        # A copy has other names than the record says, which was written before.
        parent = tags.get("parent", "")
        records[identifier] = proven(identifier, {**tags, "parent": names.get(parent, parent)}, repository)
        owners[identifier], kinds[identifier], said[identifier] = str(snapshot["id"]), tags.get("kind", ""), tags
    for identifier in data.keys() - records.keys():
        records[identifier] = replace(unproven(data[identifier], repository, NO_RECORD), is_complete=False)
    alone = {
        of for snapshot, tags in proofs if tags.get("alone") != "0" for of in [by_set.get(tags.get("set", ""), "")]
    }
    ordered = sorted(records.values(), key=lambda record: (record.stopped_at, record.id))
    trees = {
        str(snapshot["id"]): str(snapshot.get("tree") or "")
        for snapshot in [*data.values(), *(each for each, _tags in proofs)]
    }
    return Listing(chained(ordered, alone), owners, kinds, said, strays, trees, originals)


def proven(identifier: str, tags: dict[str, str], repository: str) -> BackupRecord:
    """A backup with a record."""
    return BackupRecord(
        id=identifier,
        engine=tags["engine"],
        stanza=tags["stanza"],
        repository=repository,
        strategy=tags["strategy"],
        parent=tags.get("parent") or None,
        chain=[],
        started_at=parse_instant(tags["started"], option="started"),
        stopped_at=parse_instant(tags["stopped"], option="stopped"),
        size_bytes=int(tags["size"]),
        stored_bytes=int(tags["stored"]),
        changed_bytes=int(tags.get("changed") or tags["stored"]),
        encrypted=True,
        system_identifier=tags.get("system", ""),
        server_version=tags.get("version", ""),
        start_lsn=tags.get("start_lsn", ""),
        stop_lsn=tags.get("stop_lsn", ""),
        log_position=tags.get("position", ""),
        key_id=tags.get("key_id", ""),
        consistency_id=tags.get("consistency_id", ""),
        is_consistent=tags.get("consistent") == "1",
    )


def unproven(snapshot: dict[str, Any], repository: str, cause: str) -> BackupRecord:
    """Data without a record that can be read."""
    tags = read_tags(snapshot)
    at = snapshot_time(snapshot)
    return BackupRecord(
        id=str(snapshot["id"]),
        engine=tags["engine"],
        stanza=tags["stanza"],
        repository=repository,
        strategy=tags.get("strategy", "full"),
        parent=None,
        chain=[],
        started_at=at,
        stopped_at=at,
        size_bytes=0,
        stored_bytes=0,
        changed_bytes=0,
        encrypted=True,
        system_identifier=tags.get("system", ""),
        is_consistent=False,
        errors=[cause],
    )


def snapshot_time(snapshot: dict[str, Any]) -> datetime:
    """When restic began a snapshot; it writes nanoseconds, which are cut to what an instant holds."""
    text = str(snapshot["time"])
    head, dot, tail = text.partition(".")
    if not dot:
        return parse_instant(text, option="time")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return parse_instant(f"{head}.{tail[: min(digits, 6)]:0<6}{tail[digits:]}", option="time")
