# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The server of this host that one database is dumped from; it may be a standby."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._data_owner import as_owner
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump import (
    meaning_of,
    require_good,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    ToolError,
    VersionError,
)

# What a file can be called, and what no program takes for a whole connection string.
NAME = re.compile(r"^[^\x00-\x1f/=:]{1,63}$")
STATE = (
    "SELECT (SELECT system_identifier FROM pg_control_system()), current_setting('server_version'), "
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, "
    "(SELECT pg_database_size(oid) FROM pg_database WHERE datname = '{}'), "
    "(SELECT string_agg(datname, ', ' ORDER BY datname) FROM pg_database WHERE datallowconn AND NOT datistemplate);"
)


@dataclass(frozen=True)
class State:
    """What the server said of itself and of the database, just before it is dumped."""

    system_identifier: str
    version: str
    lsn: str
    database_bytes: int


@dataclass(frozen=True)
class Source:
    """One database of one server, and the programs of its version."""

    database: str
    version: int
    port: int
    socket_directory: Path
    binary_directory: Path
    user: str
    deadline: Deadline

    @classmethod
    def of(cls, options: dict[str, Any], deadline: Deadline) -> Source:
        database, version = str(options["database"]), int(options["version"])
        if not NAME.match(database):
            raise InputError(
                "read the option engine.postgresql_dump.database",
                cause=f"{database!r} is not the name of one database",
                next_action="Give its plain name, without /, = and :",
            )
        return cls(
            database,
            version,
            int(options["port"]),
            Path(options["socket_directory"] or "/var/run/postgresql"),
            Path(options["binary_directory"] or f"/usr/lib/postgresql/{version}/bin"),
            str(options["user"]),
            deadline,
        )

    def argv(self, program: str, *arguments: str) -> list[str]:
        return as_owner(self.user, [str(self.binary_directory / program), *arguments])

    @property
    def address(self) -> list[str]:
        return ["-h", str(self.socket_directory), "-p", str(self.port)]

    def _run(self, program: str, *arguments: str, stdin: str | None = None) -> Finished:
        argv = self.argv(program, *arguments, *self.address)
        return run_tool(argv, deadline=self.deadline, stdin=stdin, environment={"PGCONNECT_TIMEOUT": "5"})

    def require_state(self) -> State:
        """The state of a server of our version that has the database."""
        what = f"ask the server on port {self.port}"
        query = STATE.format(self.database.replace("'", "''"))
        asked = ["-XAtqw", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", "-"]
        finished = self._run("psql", *asked, stdin=query)
        require_good(finished, what, tool="psql")
        try:
            identifier, version, lsn, size, others = finished.stdout.splitlines()[0].split("\t")
        except (IndexError, ValueError) as error:
            raise ToolError(what, cause="its answer is not understood", next_action="Read the server's log") from error
        if major_of(version) != self.version:
            raise VersionError(
                what,
                cause=f"it is PostgreSQL {version}, wanted is {self.version}",
                next_action="Set engine.postgresql_dump.version to the version of the server",
            )
        if not size:
            raise PreconditionError(
                f"dump the database {self.database}",
                cause=f"the server on port {self.port} has none of that name, it has {others}",
                next_action="Correct engine.postgresql_dump.database or port",
            )
        return State(identifier, version.split()[0], lsn, int(size))

    def roles(self) -> str:
        """What belongs to no database: roles with their passwords and memberships, as statements."""
        what = f"read the roles of the server on port {self.port}"
        finished = self._run("pg_dumpall", "--globals-only", "--no-tablespaces", "--no-password")
        require_good(finished, what, tool="pg_dumpall")
        if "PostgreSQL database cluster dump complete" not in finished.stdout:
            raise meaning_of("pg_dumpall did not say that it was all", what, tool="pg_dumpall", rc=finished.rc)
        return finished.stdout


def major_of(version: str) -> int:
    """15 of ``15.14 (Debian 15.14-0+deb12u1)``; 0 when it is not understood."""
    found = re.match(r"(\d+)", version)
    return int(found[1]) if found else 0
