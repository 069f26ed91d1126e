# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a running MariaDB server has committed anything that the repository does not have.

What is in its log after the newest window is read event by event, from the server's own files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    BETWEEN,
    LogPosition,
    events,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import Holdings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import (
    LiveServer,
    ServerState,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import LogWindow
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_taking import (
    require_one_server,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import (
    PRIMARY,
    STANDBY,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

# A server that hangs is asked in vain, and whoever asks has more to do.
ASKING_SECONDS = 20.0


@dataclass(frozen=True)
class Standing:
    """A running server and the files of its log, oldest first."""

    state: ServerState
    timeline: int
    paths: list[Path]
    position: LogPosition
    leaves_out: str

    def named(self, name: str) -> Path | None:
        return next((path for path in self.paths if path.name == name), None)

    def after(self, shipped: LogPosition) -> list[tuple[Path, int]]:
        """The files that hold what comes after a position, each with where that begins in it."""
        rest = [(path, 0) for path in self.paths if int(path.name.rpartition(".")[2]) > shipped.number]
        return [(path, shipped.offset) for path in self.paths if path.name == shipped.file] + rest


def ask(live: LiveServer, holdings: Holdings, records: list[BackupRecord]) -> ServerAnswer:
    """What the server of this host says, beside what the repository has."""
    deadline = Deadline(min(ASKING_SECONDS, live.programs.deadline.remaining))
    live = replace(live, programs=replace(live.programs, deadline=deadline))
    state = live.require_state()
    if state.is_read_only:
        return ServerAnswer(STANDBY, "it is read only")
    if not state.log_basename:
        return ServerAnswer(PRIMARY, "its log_bin is off")
    require_one_server(live, state.version, holdings)
    seen = standing_of(live, state)
    try:
        return answer(seen, holdings, records)
    except OSError as error:
        raise PreconditionError(
            f"read the binary log of the server at {live.socket}",
            cause=str(error),
            next_action="Run as a user who may read it, and again if the server has just let a file go",
        ) from error


def answer(seen: Standing, holdings: Holdings, records: list[BackupRecord]) -> ServerAnswer:
    """What its files show, after the newest window of the newest timeline."""
    windows = holdings.windows(records)
    newest = max((each.timeline for each in windows), default=0)
    window = max((each for each in windows if each.timeline == newest), key=lambda each: each.until_at, default=None)
    doubt = "nothing can be recovered from the repository" if window is None else doubt_about(seen, window, holdings)
    if window is None or doubt:
        return ServerAnswer(PRIMARY, doubt, position=str(seen.position))
    return compared(seen, window)


def standing_of(live: LiveServer, state: ServerState) -> Standing:
    """Everything that was committed before is in these files: the server writes there before it says so."""
    names = [row[0] for row in live.require_answer("SHOW BINARY LOGS;")]
    rows = live.require_answer("SHOW MASTER STATUS;")
    try:
        file, offset, *left_out = rows[0]
        position = LogPosition.parse(f"{file}:{offset}")
    except (ValueError, IndexError, InputError) as error:
        raise ToolError(
            f"ask the server at {live.socket} where it writes",
            cause=f"its answer is not understood: {error}",
            next_action="Compare the version of the server with the supported ones",
        ) from error
    paths = [Path(state.log_basename).with_name(name) for name in names]
    return Standing(state, live.history.timeline, paths, position, ", ".join(filter(None, left_out)))


def doubt_about(seen: Standing, window: LogWindow, holdings: Holdings) -> str:
    """Why the server's log cannot be compared with a window; empty when it can."""
    if seen.leaves_out:
        return f"its log leaves out what binlog_do_db or binlog_ignore_db say: {seen.leaves_out}"
    if seen.timeline != window.timeline:
        return f"it is on timeline {seen.timeline}, and the newest in the repository is {window.timeline}"
    path = seen.named(window.until_position.file)
    if path is None:
        return f"it does not have {window.until_position.file} any more, with which the repository's log ends"
    if not is_of(path, window, holdings):
        return f"its {path.name} is not the one with which the repository's log ends"
    return ""


def is_of(path: Path, window: LogWindow, holdings: Holdings) -> bool:
    """Whether a file of the server is the one that a window ends in: a name comes back after RESET MASTER."""
    first = next(events(path))
    if window.last is not None:
        return (first.server_id, first.at) == (window.last.server_id, window.last.created_at)
    start = holdings.starts[window.backups[-1]]
    return first.server_id == start.server_id and first.at <= start.at.timestamp()


def compared(seen: Standing, window: LogWindow) -> ServerAnswer:
    """Both tell whether anything was committed after the window: the server's count, and what is in its files."""
    rest = seen.after(window.until_position)
    is_quiet = parse_gtids(seen.state.gtids) == parse_gtids(window.until_gtids) and not any(
        is_changed(path, start) for path, start in rest
    )
    more = sum(max(0, path.stat().st_size - start) for path, start in rest)
    return ServerAnswer.compared(str(seen.position), str(window.until_position), more_bytes=more, is_quiet=is_quiet)


def is_changed(path: Path, start: int) -> bool:
    """Whether a file holds more than what stands between transactions from an offset on, or has no such offset."""
    is_there = start == 0
    for event in events(path):
        if event.start >= start and event.kind not in BETWEEN:
            return True
        is_there = is_there or event.end == start
    return not is_there
