# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The MariaDB server of this host: asked over its socket, started by its service or a given command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    HISTORY_FILE,
    History,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    Programs,
    process_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    IntegrityError,
    PreconditionError,
    ToolError,
)

REFUSED = re.compile(r"ERROR (1045|1044|1698|1227|1142)\b|Access denied")
CANNOT_CONNECT = re.compile(r"ERROR (2002|2003|2006|2013)\b")
# A server that a command left in the background takes its files a moment later.
START_GRACE_SECONDS = 10.0
SERVICE = ["service", "mariadb", "start"]


@dataclass(frozen=True)
class ServerState:
    """What the running server says of itself."""

    version: str
    server_id: int
    data_directory: Path
    log_basename: str
    is_read_only: bool
    gtids: str
    names_are_lower_case: int


@dataclass(frozen=True)
class LiveServer:
    """Where the server's data and socket are, and with which credentials it is asked."""

    programs: Programs
    data_directory: Path
    socket: Path
    port: int
    defaults_file: str | None
    start_command: list[str]

    @classmethod
    def of(cls, options: dict[str, Any], programs: Programs) -> LiveServer:
        return cls(
            programs,
            Path(options["data_directory"]),
            Path(options["socket"]),
            int(options["port"]),
            options["defaults_file"],
            list(options["start_command"] or SERVICE),
        )

    @property
    def credentials(self) -> list[str]:
        """The arguments of a client, which must come first; without a file the socket says who asks."""
        return [f"--defaults-extra-file={self.defaults_file}"] if self.defaults_file else []

    def ask(self, query: str) -> list[list[str]] | None:
        """Rows of text, or None while the server does not answer."""
        # The client runs as the caller, who may read the credentials, and not as the owner of the data.
        argv = [self.programs.path("mariadb"), *self.credentials, f"--socket={self.socket}", "--protocol=socket"]
        finished = run_tool([*argv, "--batch", "--skip-column-names"], deadline=self.programs.deadline, stdin=query)
        if finished.rc == 0:
            return [line.split("\t") for line in finished.stdout.splitlines()]
        what = f"ask the server at {self.socket}"
        if REFUSED.search(finished.stderr):
            raise AccessError(
                what,
                cause=finished.last_lines,
                next_action="Run as a user whom the server knows by its socket, or set engine.mariadb.defaults_file",
            )
        if CANNOT_CONNECT.search(finished.stderr):
            return None
        raise ToolError(what, cause=finished.last_lines, next_action="Read the server's log")

    def require_answer(self, query: str) -> list[list[str]]:
        rows = self.ask(query)
        if rows is None:
            raise PreconditionError(
                f"ask the server at {self.socket}",
                cause="nothing answers there",
                next_action="Run this on the host of the running server, or correct engine.mariadb.socket",
            )
        return rows

    def state(self) -> ServerState | None:
        rows = self.ask(
            "SELECT @@version, @@server_id, @@datadir, COALESCE(@@log_bin_basename, ''),"
            " @@read_only OR @@innodb_read_only, @@gtid_binlog_pos, @@lower_case_table_names;"
        )
        if not rows:
            return None
        version, server_id, directory, basename, read_only, gtids, lower_case = rows[0]
        return ServerState(version, int(server_id), Path(directory), basename, read_only != "0", gtids, int(lower_case))

    def require_state(self) -> ServerState:
        """The state of the server that works on our data, and on no other."""
        state = self.state()
        if state is None:
            self.require_answer("SELECT 1;")
            raise AssertionError("a server that does not answer has been named")
        if state.data_directory.resolve() != self.data_directory.resolve():
            raise PreconditionError(
                f"ask the server at {self.socket}",
                cause=f"it works on {state.data_directory}, not on {self.data_directory}",
                next_action="Correct engine.mariadb.socket or engine.mariadb.data_directory",
            )
        return state

    @property
    def history(self) -> History:
        """The timelines of the live data; data that was never restored in place is on the first one."""
        try:
            return History.parse((self.data_directory / HISTORY_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return History()
        except (OSError, ValueError) as error:
            raise IntegrityError(
                f"read {self.data_directory / HISTORY_FILE}",
                cause=f"{type(error).__name__}: {error}",
                next_action="Put the file back as the restore wrote it: without it nobody knows which log is of whom",
            ) from error

    def start(self) -> None:
        """Start it without waiting: the caller watches for what it needs."""
        finished = run_tool(self.start_command, deadline=self.programs.deadline)
        if finished.rc != 0:
            raise ToolError(
                f"start the server with {self.start_command[0]}",
                cause=finished.last_lines or f"it ended with {finished.rc}",
                next_action="Read the server's log; run as root, or set engine.mariadb.start_command",
            )

    def open(self) -> ServerState:
        """Start the server and wait until it works on our data and accepts writes."""
        self.start()
        grace = Deadline(START_GRACE_SECONDS)

        def observe() -> ServerState | None:
            state = self.state()
            if state is None and grace.is_over and process_of(self.data_directory) is None:
                raise IntegrityError(
                    f"open the server on {self.data_directory}",
                    cause="no server works there",
                    next_action="Read the server's log",
                )
            return state

        seen = self.programs.deadline.wait_until(
            f"open the server on {self.data_directory}",
            observe,
            lambda state: state is not None and not state.is_read_only,
            every_seconds=0.05,
            next_action="Read the server's log",
        )
        if seen is None:
            raise AssertionError("a wait that ended has seen something")
        if process_of(self.data_directory) is None or seen.data_directory.resolve() != self.data_directory.resolve():
            raise IntegrityError(
                f"open the server on {self.data_directory}",
                cause=f"the server that answers works on {seen.data_directory}",
                next_action="Correct engine.mariadb.start_command, socket or data_directory",
            )
        return seen
