# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Taking backups of a MariaDB server."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_backup import (
    Info,
    backup_argv,
    is_done,
    meaning_of,
    read_info,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    Facts,
    Holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_keeping import (
    STREAM_FILE,
    Keeping,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import (
    LiveServer,
    ServerState,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import History
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    require_identity,
    series_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    data_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    Stored,
    store_stream,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Taken
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    PreconditionError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

ENCRYPTED = "SELECT COUNT(*) FROM information_schema.INNODB_TABLESPACES_ENCRYPTION WHERE ENCRYPTION_SCHEME <> 0;"
KIND = "database"
NOT_DATA = ("ib_logfile", "aria_log.", "ibtmp", "ib_buffer_pool")


@dataclass(frozen=True)
class Base:
    """What a backup builds on; nothing for a full one, with the reason when another was wanted."""

    parent: BackupRecord | None
    reason: str = ""


@dataclass(frozen=True)
class Labels:
    """What a backup is marked with: the set it is a part of, and what opens it."""

    consistency_id: str
    key_id: str


def base_for(strategy: str, holdings: Holdings, state: ServerState, identity: str, history: History) -> Base:
    """The backup that an incremental or differential one builds on, as long as it is of exactly this server's past."""
    if strategy == "full":
        return Base(None)
    whole = [each for each in holdings.records if each.is_complete]
    wanted = [each for each in whole if strategy == "incremental" or each.strategy == "full"]
    if not wanted:
        return Base(None, "there is no full backup to build on")
    parent = wanted[-1]
    facts = holdings.facts.get(parent.id)
    differences = {
        "is damaged": not parent.is_usable or facts is None,
        "is of another server": parent.system_identifier != identity,
        "was written by the server with another server_id": facts is not None and facts.server_id != state.server_id,
        "is of another version of MariaDB": series_of(parent.server_version) != series_of(state.version),
        "is of what a restore in place has abandoned": parent.timeline != history.timeline,
    }
    found = [words for words, is_so in differences.items() if is_so]
    return Base(None, f"backup {parent.id[:8]} {found[0]}") if found else Base(parent)


def require_one_server(live: LiveServer, version: str, holdings: Holdings) -> str:
    """The identity of the live data, which must be the one that the repository knows."""
    identity = require_identity(live.data_directory)
    known = holdings.system_identifier
    if known and known != identity:
        raise PreconditionError(
            f"back up the server at {live.socket}",
            cause=f"its data is system {identity}, the stanza is of system {known}",
            next_action="Correct the stanza or the data directory; data that was loaded from a dump needs a new stanza",
        )
    if series_of(version) != live.programs.series:
        raise VersionError(
            f"back up the server at {live.socket}",
            cause=f"it is MariaDB {version}, wanted is {live.programs.series}",
            next_action="Set engine.mariadb.version to the version of the server",
        )
    return identity


def require_nothing_encrypted(live: LiveServer) -> None:
    """An encrypted table can be copied but not prepared without its key: it would be found when it is too late."""
    count = live.require_answer(ENCRYPTED)[0][0]
    if count != "0":
        raise VersionError(
            f"back up the server at {live.socket}",
            cause=f"{count} of its tablespaces are encrypted",
            next_action="Decrypt them: the repository is encrypted, and a copy could not be proven without their key",
        )


def data_bytes(directory: Path, log_basename: str) -> int:
    """What the data takes when it is restored: everything but logs, which are made anew."""
    made_anew = (*NOT_DATA, Path(log_basename).name) if log_basename else NOT_DATA
    total = 0
    for parent, _folders, names in os.walk(directory):
        for name in names:
            if not name.startswith(made_anew):
                # A temporary table may go while we look.
                with suppress(FileNotFoundError):
                    total += os.lstat(os.path.join(parent, name)).st_size
    return total


@contextmanager
def notes_directory(live: LiveServer) -> Iterator[Path]:
    """A place where mariadb-backup, which runs as the owner of the data, writes what it found."""
    directory = Path(tempfile.mkdtemp(prefix="recovery-notes-"))
    try:
        live.programs.own(directory)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def take_backup(live: LiveServer, keeping: Keeping, strategy: str, *, jobs: int | None, labels: Labels) -> Taken:
    """One backup: streamed into the repository, judged by the tool's last word, and only then recorded."""
    what = f"take a {strategy} backup of stanza {keeping.stanza} into {keeping.repository}"
    state, history = live.require_state(), live.history
    identity = require_one_server(live, state.version, keeping.holdings)
    require_nothing_encrypted(live)
    base = base_for(strategy, keeping.holdings, state, identity, history)
    strategy = strategy if base.parent else "full"
    started_at = now()
    with keeping.alone(strategy), keeping.writing() as set_id:
        tags = data_tags(
            stanza=keeping.stanza, engine=keeping.engine, strategy=strategy, set_id=set_id, system=identity
        )
        stored, info = stream(live, keeping, base, tags, what, jobs)
    facts = Facts(info.gtids, state.server_id, state.log_basename, state.names_are_lower_case)
    record = BackupRecord(
        id=stored.id,
        engine=keeping.engine,
        stanza=keeping.stanza,
        repository=keeping.repository.name,
        strategy=strategy,
        parent=None if base.parent is None else base.parent.id,
        chain=[],
        started_at=started_at,
        stopped_at=now(),
        size_bytes=data_bytes(live.data_directory, state.log_basename),
        stored_bytes=stored.added_bytes,
        changed_bytes=stored.size_bytes,
        encrypted=True,
        system_identifier=identity,
        server_version=info.server_version,
        start_lsn=str(info.to_lsn),
        stop_lsn=str(info.last_lsn),
        timeline=history.timeline,
        log_position=str(info.position or ""),
        key_id=labels.key_id,
        consistency_id=labels.consistency_id,
    )
    more = {**facts.as_tags(), "timeline": str(history.timeline), "history": history.as_text()}
    kept = keep_record(keeping, record, set_id, more, is_alone=base.parent is None)
    return Taken(kept.id, round((now() - started_at).total_seconds(), 3), warnings_of(base, info))


def stream(
    live: LiveServer, keeping: Keeping, base: Base, tags: dict[str, str], what: str, jobs: int | None
) -> tuple[Stored, Info]:
    """Let mariadb-backup write into restic; what it noted beside the stream is read only when both ends were good."""
    with notes_directory(live) as notes:
        argv = backup_argv(
            live.programs.argv("mariadb-backup"),
            live.credentials,
            data=live.data_directory,
            socket=live.socket,
            notes=notes,
            jobs=jobs,
            lsn=0 if base.parent is None else int(base.parent.start_lsn),
        )
        stored, _said = store_stream(
            keeping.tool,
            what,
            argv,
            file_name=STREAM_FILE,
            tags=tags,
            judge=lambda ending: require_done(ending, what),
        )
        return stored, read_info(notes, what)


def keep_record(
    keeping: Keeping, record: BackupRecord, set_id: str, more: dict[str, str], *, is_alone: bool
) -> BackupRecord:
    """From now on it is a backup."""
    content = {"record": record.as_result(now()), **more}
    return keeping.write_record(
        record, content, of=record.id, set_id=set_id, kind=KIND, is_alone=is_alone, more_tags=more
    )


def warnings_of(base: Base, info: Info) -> list[str]:
    found = [f"A full backup is taken: {base.reason}"] if base.reason else []
    if info.position is None:
        found.append("The server writes no binary log, so nothing after the end of this backup can be recovered")
    return found


def require_done(finished: Finished, what: str) -> None:
    if finished.rc != 0 or not is_done(finished.stderr):
        raise meaning_of(finished.stderr, what, finished.rc)
