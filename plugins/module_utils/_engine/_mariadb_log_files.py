# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The files of the binary log that nobody writes to any more: of a server that runs, and of one that is dead.

Of one that runs they are all but the last. Of a dead one the last is what matters: it holds the end of the data.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    HEADER,
    MAGIC,
    events,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import (
    LiveServer,
    ServerState,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    process_of,
    require_identity,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError


@dataclass(frozen=True)
class LogFiles:
    """The files, oldest first, the version of the server that wrote them, and what has to be said of them."""

    paths: list[Path]
    version: str
    is_server_dead: bool = False
    notes: list[str] = field(default_factory=list)


def log_files(live: LiveServer, basename: str, *, flush: bool) -> LogFiles:
    """``basename`` is where a dead server left them; with ``flush`` one that runs closes its current one first."""
    state = state_or_dead(live)
    return files_of_dead(live, basename) if state is None else closed_files(live, state, flush=flush)


def state_or_dead(live: LiveServer) -> ServerState | None:
    """The state of the server that works on our data, or None when it is proven that none does.

    That nothing answers proves nothing: the server may hang, or listen elsewhere. Its lock on the data does.
    """
    if live.state() is not None:
        return live.require_state()
    require_identity(live.data_directory)
    process = process_of(live.data_directory)
    if process is not None:
        raise PreconditionError(
            f"ask the server at {live.socket}",
            cause=f"nothing answers there, and process {process} holds the data in {live.data_directory}",
            next_action="Wait until it has started, end it if it hangs, or correct engine.mariadb.socket",
        )
    return None


def closed_files(live: LiveServer, state: ServerState, *, flush: bool) -> LogFiles:
    """The files that a server that runs will not write to any more."""
    if not state.log_basename:
        raise PreconditionError(
            f"ship the binary log of the server at {live.socket}",
            cause="log_bin is off",
            next_action="Run the role protect and restart the server",
        )
    if flush:
        live.require_answer("FLUSH BINARY LOGS;")
    names = [row[0] for row in live.require_answer("SHOW BINARY LOGS;")]
    return LogFiles([Path(state.log_basename).with_name(name) for name in names[:-1]], state.version)


def files_of_dead(live: LiveServer, basename: str) -> LogFiles:
    """Every file that the index names, the one that the server died with included."""
    what = f"ship the binary log of the dead server on {live.data_directory}"
    paths = indexed(basename, what)
    version = version_in(paths[-1])
    notes = [f"No server works on {live.data_directory}: its binary log was read to its end from {basename}.*"]
    if version is None:
        # It died when it had just begun this one.
        notes.append(f"{paths[-1].name} was left out: nothing is in it")
        paths = paths[:-1]
        version = version_in(paths[-1]) if paths else None
    if version is None:
        raise PreconditionError(
            what, cause=f"no file that {basename}.index names holds anything", next_action="Look at them by hand"
        )
    return LogFiles(paths, version, True, notes)


def indexed(basename: str, what: str) -> list[Path]:
    """The files by the server's own list of them."""
    if not basename:
        raise PreconditionError(
            what, cause="no backup tells where it is", next_action="Set engine.mariadb.binary_log to its log_bin"
        )
    index = Path(f"{basename}.index")
    try:
        lines = index.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError as error:
        raise PreconditionError(
            what,
            cause=str(error),
            next_action="Correct engine.mariadb.binary_log, or run as a user who may read it",
        ) from error
    # They are named as the server saw them, which may be from within its data directory.
    paths = [index.with_name(os.path.basename(line)) for line in lines if line]
    missing = [path.name for path in paths if not path.exists()]
    if missing or not paths:
        raise PreconditionError(
            what,
            cause=f"{index} names {', '.join(missing)}, not there" if missing else f"{index} names no file",
            next_action="Bring the files back to where the index is, or correct it",
        )
    return paths


def version_in(path: Path) -> str | None:
    """The version of the server that began a file; None when a crash left it without that."""
    if path.stat().st_size < len(MAGIC) + HEADER.size:
        return None
    first = next(events(path, is_torn_allowed=True), None)
    return None if first is None else first.body[2:52].rstrip(b"\0").decode(errors="replace")
