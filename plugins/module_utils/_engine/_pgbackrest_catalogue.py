# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The backups and the log of a stanza, read from its repository: pgBackRest's words turned into records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._last_seen import LastSeen
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    cleaned,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    Archive,
    Segments,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    EncryptionError,
    RepositoryError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    OLDEST_PGBACKREST,
    Repository,
)

STRATEGIES = {"full": "full", "diff": "differential", "incr": "incremental"}
# pgBackRest's status of a repository: it exits with 0 whatever it is.
HAS_BACKUPS, HAS_NO_BACKUP_YET = 0, 2
ARCHIVED = re.compile(r"^(?P<id>\d+-\d+)/[0-9A-F]{16}/(?P<name>[0-9A-F]{24})-[0-9a-f]{40}(?:\.\w+)?$")
HISTORY = re.compile(r"^(?P<id>\d+-\d+)/(?P<timeline>[0-9A-F]{8})\.history$")
NOT_THERE = re.compile(r"the stanza is not there|missing stanza path|backup\.info cannot be opened")


@dataclass(frozen=True)
class StanzaInfo:
    """What ``pgbackrest info`` says of a stanza in one repository."""

    records: list[BackupRecord]
    archive_id: str | None
    system_identifier: str
    server_version: str
    is_encrypted: bool
    is_backup_running: bool


def read_info(tool: PgBackRest, repository: Repository) -> StanzaInfo:
    """The stanza in this repository; one that is missing or cannot be read is a failure, whatever the exit code."""
    what = f"read the backups of stanza {tool.stanza} in {repository}"
    if repository.PGBACKREST_SINCE > OLDEST_PGBACKREST:
        tool.require_version(repository.PGBACKREST_SINCE, what)
    answer = tool.read_json(what, "info")
    stanza = next((entry for entry in answer if entry.get("name") == tool.stanza), None)
    if stanza is None:
        raise RepositoryError(
            what, cause="the stanza is not there", next_action="Correct its name, or create it with the role protect"
        )
    try:
        return parse_stanza(stanza, repository, what)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ToolError(
            what,
            cause=f"pgBackRest's answer lacks or garbles {error}",
            next_action="Compare the version of pgBackRest with the ones that are supported",
        ) from error


def read_info_as_known(tool: PgBackRest, repository: Repository, last_seen: LastSeen | None) -> StanzaInfo:
    """The same, with the newest backup that this host saw there before, or a newer one; without it, it is refused."""
    if last_seen is None:
        return read_info(tool, repository)
    what = f"read the backups of stanza {tool.stanza} in {repository}"
    try:
        info = read_info(tool, repository)
    except RepositoryError as error:
        if NOT_THERE.search(error.cause):
            last_seen.require_not_older([], what)
        raise
    last_seen.require_not_older(info.records, what)
    last_seen.remember(info.records)
    return info


def parse_stanza(stanza: dict[str, Any], repository: Repository, what: str) -> StanzaInfo:
    status = next(each for each in stanza["repo"] if each["key"] == repository.number)
    code, message = status["status"]["code"], status["status"]["message"]
    if code not in (HAS_BACKUPS, HAS_NO_BACKUP_YET):
        raise unreadable(code, message, what)
    is_encrypted = status["cipher"] != "none"
    if repository.is_to_be_encrypted and not is_encrypted:
        raise EncryptionError(
            what,
            cause="a cipher passphrase is declared for it, but pgBackRest writes it in clear",
            next_action="Set the cipher of the repository in pgBackRest's configuration and create it anew",
        )
    database = current_database(stanza, repository.number)
    records = [
        parse_backup(each, stanza, repository, is_encrypted)
        for each in stanza["backup"]
        if each["database"]["repo-key"] == repository.number
    ]
    archives = [
        each["id"]
        for each in stanza["archive"]
        if each["database"]["repo-key"] == repository.number and each["database"]["id"] == database["id"]
    ]
    return StanzaInfo(
        sorted(records, key=lambda each: each.stopped_at),
        archives[-1] if archives else None,
        str(database["system-id"]),
        str(database["version"]),
        is_encrypted,
        bool(stanza["status"]["lock"]["backup"]["held"]),
    )


def unreadable(code: int, message: str, what: str) -> Exception:
    """Why a stanza cannot be read."""
    if code in (1, 3):
        return RepositoryError(
            what,
            cause=f"the stanza is not there ({cleaned(message)})",
            next_action="Correct its name or the repository's path, or create it with the role protect",
        )
    return meaning_of(message, what, evidence={"status": code})


def current_database(stanza: dict[str, Any], number: int) -> dict[str, Any]:
    """The newest database of the stanza: an upgraded cluster has several."""
    ours = [each for each in stanza["db"] if each["repo-key"] == number]
    newest: dict[str, Any] = max(ours, key=lambda each: int(each["id"]))
    return newest


def parse_backup(
    backup: dict[str, Any], stanza: dict[str, Any], repository: Repository, is_encrypted: bool
) -> BackupRecord:
    database = next(
        each
        for each in stanza["db"]
        if each["id"] == backup["database"]["id"] and each["repo-key"] == repository.number
    )
    archive, size = backup["archive"], backup["info"]
    errors = ["pages failed their checksum while it was taken"] if backup["error"] else []
    if not archive["start"] or not archive["stop"]:
        errors.append("it does not say which transaction log it needs")
    return BackupRecord(
        id=str(backup["label"]),
        engine="postgresql",
        stanza=str(stanza["name"]),
        repository=repository.name,
        strategy=STRATEGIES[backup["type"]],
        parent=backup["prior"],
        chain=sorted(backup["reference"] or []),
        started_at=from_epoch(backup["timestamp"]["start"]),
        stopped_at=from_epoch(backup["timestamp"]["stop"]),
        start_lsn=str(backup["lsn"]["start"]),
        stop_lsn=str(backup["lsn"]["stop"]),
        wal_start=str(archive["start"] or ""),
        wal_stop=str(archive["stop"] or ""),
        timeline=int(str(archive["stop"] or "0")[:8], 16),
        size_bytes=int(size["size"]),
        stored_bytes=int(size["repository"]["size"]),
        changed_bytes=int(size["repository"]["delta"]),
        encrypted=is_encrypted,
        system_identifier=str(database["system-id"]),
        server_version=str(database["version"]),
        key_id=repository.key_id if is_encrypted else "",
        consistency_id=str((backup.get("annotation") or {}).get("consistency_id", "")),
        errors=errors,
    )


def read_archive(tool: PgBackRest, info: StanzaInfo, segments: Segments) -> Archive:
    """Every segment that the repository holds for the current database, and the histories of its timelines."""
    what = f"list the transaction log of stanza {tool.stanza}"
    if info.archive_id is None:
        return Archive({}, segments=segments)
    listing = tool.read_json(what, "repo-ls", "--recurse", f"archive/{tool.stanza}")
    arrived_at = {}
    histories = {}
    for path, entry in listing.items():
        segment, history = ARCHIVED.match(path), HISTORY.match(path)
        if segment is not None and segment["id"] == info.archive_id and int(entry["size"]) > 0:
            arrived_at[segments.parse(segment["name"])] = from_epoch(entry["time"])
        elif history is not None and history["id"] == info.archive_id:
            histories[int(history["timeline"], 16)] = (path, from_epoch(entry["time"]))
    ancestors = {
        timeline: parse_history(tool.read_file(what, f"archive/{tool.stanza}/{path}"), timeline)
        for timeline, (path, _at) in histories.items()
    }
    forked_at = {timeline: at for timeline, (_path, at) in histories.items()}
    return Archive(arrived_at, ancestors, forked_at, segments)


def parse_history(text: str, timeline: int) -> list[tuple[int, int]]:
    """A timeline's ancestors, oldest first, each with the position where it was left."""
    ancestors = []
    for line in text.splitlines():
        fields = line.split("\t")
        if not line.strip() or line.startswith("#"):
            continue
        if len(fields) < 2 or not fields[0].strip().isdigit():
            raise ToolError(
                f"read the history of timeline {timeline}",
                cause=f"the line {line!r} is not understood",
                next_action="Compare the history file in the archive with the one in pg_wal of the server",
            )
        ancestors.append((int(fields[0]), parse_lsn(fields[1].strip())))
    return ancestors
