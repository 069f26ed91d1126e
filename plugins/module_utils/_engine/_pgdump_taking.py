# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Taking a dump: streamed into the repository, read back from there whole, and only then recorded."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump import (
    ARCHIVE,
    DUMPED,
    READ,
    READ_TO_THE_END,
    Contents,
    require_good,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_source import Source, State
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import data_tags
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    Stored,
    read_stream,
    store_stream,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Taken
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    RecoveryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

ARCHIVE_FILE = "database.dump"
KIND = "database"
STRATEGY = "full"


@dataclass(frozen=True)
class Labels:
    """What a backup is marked with: the set it is a part of, and what opens it."""

    consistency_id: str
    key_id: str


def take_dump(source: Source, keeper: Keeper, labels: Labels) -> Taken:
    """One backup; data that could not be read back is no backup, and is forgotten."""
    what = f"dump the database {source.database} into {keeper.repository}"
    state = source.require_state()
    require_one_system(source, state, keeper)
    started_at = now()
    with keeper.alone(STRATEGY), keeper.writing() as set_id:
        roles = source.roles()
        tags = data_tags(
            stanza=keeper.stanza,
            engine=keeper.engine,
            strategy=STRATEGY,
            set_id=set_id,
            system=state.system_identifier,
        )
        stored, dumped = stream(source, keeper, tags, what)
        try:
            require_whole(source, keeper, stored, dumped)
        except RecoveryError:
            keeper.drop(stored.id)
            raise
    record = BackupRecord(
        id=stored.id,
        engine=keeper.engine,
        stanza=keeper.stanza,
        repository=keeper.repository.name,
        strategy=STRATEGY,
        parent=None,
        chain=[],
        started_at=started_at,
        stopped_at=now(),
        size_bytes=stored.size_bytes,
        stored_bytes=stored.added_bytes,
        changed_bytes=stored.size_bytes,
        encrypted=True,
        system_identifier=state.system_identifier,
        server_version=state.version,
        # Where the log stood just before: everything up to there is in the dump.
        start_lsn=state.lsn,
        stop_lsn=state.lsn,
        key_id=labels.key_id,
        consistency_id=labels.consistency_id,
    )
    contents = Contents(source.database, dumped, state.database_bytes, roles)
    content = {"record": record.as_result(now()), **contents.as_content()}
    kept = keeper.write_record(record, content, of=record.id, set_id=set_id, kind=KIND)
    return Taken(kept.id, round((now() - started_at).total_seconds(), 3))


def require_one_system(source: Source, state: State, keeper: Keeper) -> None:
    """The stanza is of one system: a backup of another one would take the place of an older one of this."""
    records = [each for each in keeper.listing().records if each.is_complete]
    known = records[-1].system_identifier if records else state.system_identifier
    if known != state.system_identifier:
        raise PreconditionError(
            f"dump the database {source.database}",
            cause=f"the server on port {source.port} is system {state.system_identifier}, the stanza is of {known}",
            next_action="Correct port or stanza; a server that was loaded from a dump needs a new stanza",
        )


def stream(source: Source, keeper: Keeper, tags: dict[str, str], what: str) -> tuple[Stored, int]:
    """Let pg_dump write into restic; the second value is of how many tables it said to have written the rows."""
    stored, produced = store_stream(
        keeper.tool,
        what,
        source.argv("pg_dump", *ARCHIVE, *source.address, f"--dbname={source.database}"),
        file_name=ARCHIVE_FILE,
        tags=tags,
        judge=lambda ending: require_good(ending, what, tool="pg_dump"),
        environment={"PGCONNECT_TIMEOUT": "5"},
    )
    return stored, len(DUMPED.findall(produced.stderr))


def require_whole(source: Source, keeper: Keeper, stored: Stored, dumped: int) -> None:
    """Let pg_restore read all of the archive out of the repository: pg_dump has no last word that would prove it."""
    what = f"read the dump of {source.database} back from {keeper.repository}"
    restore = source.argv("pg_restore", "--verbose", "--file=/dev/null")

    def judge(ending: Finished) -> None:
        require_good(ending, what, tool="pg_restore")
        found = len(READ.findall(ending.stderr))
        if found != dumped:
            raise IntegrityError(
                what,
                cause=f"the rows of {found} tables are in it, pg_dump wrote those of {dumped}",
                next_action="Take another backup",
            )

    consumer = ["sh", "-c", READ_TO_THE_END, "sh", *restore]
    read_stream(keeper.tool, what, stored.id, ARCHIVE_FILE, consumer, judge=judge)
