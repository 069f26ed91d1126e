# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The administration console of PgBouncer: pause, resume, reload, and what it serves, each with a deadline.

The console understands neither transactions nor parameters, only plain text commands, so it is spoken to
through an asynchronous psycopg2 connection, which sends nothing of its own and can be waited for with a
deadline. A PAUSE outlives its author: :meth:`PoolerConsole.pause` therefore never returns with the traffic
held and the pause not reached; it resumes first and then says who was in the way. What it cannot cover is the
death of its own process: whoever pauses for longer than this call arms a resume that does not depend on it.

    with PoolerConsole(PoolerAddress("10.10.1.31", 6432, "recovery", password), connect_seconds=2) as console:
        console.pause("storefront", Deadline(2))
        try:
            ...
            console.reload(Deadline(1))
        finally:
            console.resume("storefront", Deadline(1))

Several poolers are paused at the same time by calling :meth:`pause` of each in a thread of its own.
"""

from __future__ import annotations

import select
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_view import (
    PooledDatabase,
    PoolerClient,
    Row,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PoolerError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._library import require_library

try:
    import psycopg2
    import psycopg2.extensions

    HAS_PSYCOPG2 = True
except ImportError:
    HAS_PSYCOPG2 = False

DIAGNOSIS_SECONDS = 1.0
RESUME_SECONDS = 2.0


@dataclass(frozen=True)
class PoolerAddress:
    """Where a pooler's console listens; ``host`` is an address, a name, or the directory of its unix socket."""

    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"the pooler at {self.host}:{self.port}"


class PoolerConsole:
    """A connection to one pooler's console, opened beforehand and used for many commands."""

    def __init__(self, address: PoolerAddress, *, connect_seconds: float = 2.0) -> None:
        self.address = address
        self.connect_seconds = connect_seconds
        self._connection: Any = None

    def __enter__(self) -> PoolerConsole:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect, unless connected; an unreachable or refusing console is a PoolerError."""
        if self._connection is not None:
            return
        require_library("psycopg2", HAS_PSYCOPG2)
        deadline = Deadline(self.connect_seconds)
        try:
            self._connection = psycopg2.connect(
                host=self.address.host,
                port=self.address.port,
                user=self.address.user,
                password=self.address.password,
                dbname="pgbouncer",
                application_name="gogidix.disaster_recovery",
                async_=True,
            )
            self._wait(deadline)
        except psycopg2.Error as error:
            self.close()
            raise PoolerError(
                f"open the console of {self.address}",
                cause=_first_line(error),
                next_action="Check that the pooler runs, and that admin_users and the password are right",
            ) from error
        except TimeoutError as error:
            self.close()
            raise PoolerError(
                f"open the console of {self.address}",
                cause=f"no answer within {self.connect_seconds:g} s",
                next_action="Check that the pooler runs and that its address and port are reachable",
            ) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run(self, command: str, deadline: Deadline) -> list[Row]:
        """Run one console command and return its rows; a command that is over its deadline closes the connection."""
        self.open()
        try:
            cursor = self._connection.cursor()
            cursor.execute(command)
            self._wait(deadline)
            if cursor.description is None:
                return []
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        except psycopg2.Error as error:
            if self._connection.closed:
                self.close()
            raise PoolerError(
                f"run {command} on {self.address}",
                cause=_first_line(error),
                next_action="Look at the pooler's log and its configuration",
                evidence={"command": command},
            ) from error
        except TimeoutError as error:
            self.close()
            raise PoolerError(
                f"run {command} on {self.address}",
                cause=f"no answer within {deadline.seconds:g} s",
                next_action="Find out what the pooler waits for, or raise the deadline",
                data_state="unknown",
                evidence={"command": command, "deadline_seconds": deadline.seconds},
            ) from error

    def databases(self, deadline: Deadline) -> dict[str, PooledDatabase]:
        """The pooler's entries by name, its own console left out."""
        entries = [PooledDatabase.of(row) for row in self.run("SHOW DATABASES", deadline)]
        return {entry.name: entry for entry in entries if entry.name != "pgbouncer"}

    def database(self, name: str, deadline: Deadline) -> PooledDatabase:
        """One entry; an entry that the pooler does not serve is an InputError."""
        entries = self.databases(deadline)
        if name not in entries:
            raise InputError(
                f"find the entry {name} of {self.address}",
                cause=f"it serves {', '.join(sorted(entries)) or 'nothing'}",
                next_action="Correct the entry, or add it to the pooler's databases file",
            )
        return entries[name]

    def clients(self, deadline: Deadline, *, database: str | None = None) -> list[PoolerClient]:
        """The client sessions, of one entry or of all, the console's own left out."""
        found = [PoolerClient.of(row) for row in self.run("SHOW CLIENTS", deadline)]
        return [client for client in found if client.database != "pgbouncer" and database in (None, client.database)]

    def reload(self, deadline: Deadline) -> None:
        """Read the configuration again; says nothing about whether it was good: read back with :meth:`database`."""
        self.run("RELOAD", deadline)

    def pause(self, database: str, deadline: Deadline) -> None:
        """Hold the entry's traffic once every transaction has ended; already paused is well.

        When the deadline passes first, or anything else goes wrong, the traffic is resumed before the error
        is raised; the error names the sessions that kept it.
        """
        if self.database(database, deadline).paused:
            return
        try:
            self.run(f"PAUSE {_quoted(database)}", deadline)
        except PoolerError as error:
            raise self._given_up(database, deadline, error) from error

    def resume(self, database: str, deadline: Deadline) -> None:
        """Let the entry's traffic flow again, and see that it does; not paused is well."""
        if not self.database(database, deadline).paused:
            return
        said = "it took the command"
        try:
            self.run(f"RESUME {_quoted(database)}", deadline)
        except PoolerError as error:
            said = error.cause  # somebody else may have resumed it in between: what it shows now decides
        if self.database(database, deadline).paused:
            raise PoolerError(
                f"resume {database} on {self.address}",
                cause=f"the pooler still shows the entry as paused; {said}",
                next_action=f"Run RESUME {database}; on the console by hand, now: clients are waiting",
                data_state="unknown",
            )

    def kill(self, database: str, deadline: Deadline) -> None:
        """Drop every client and server connection of the entry at once, and let new ones in."""
        self.run(f"KILL {_quoted(database)}", deadline)
        self.resume(database, deadline)

    def _given_up(self, database: str, deadline: Deadline, cause: PoolerError) -> PoolerError:
        """Resume on a fresh connection (the first one still waits for its PAUSE) and explain."""
        self.close()
        in_the_way: list[PoolerClient] = []
        try:
            try:
                held = self.clients(Deadline(DIAGNOSIS_SECONDS), database=database)
                in_the_way = [client for client in held if client.linked]
            finally:
                self.resume(database, Deadline(RESUME_SECONDS))
        except PoolerError as error:
            return PoolerError(
                f"resume {database} on {self.address} after a PAUSE that failed",
                cause=f"{error.cause}; the PAUSE failed with: {cause.cause}",
                next_action=f"Run RESUME {database}; on the console by hand, now: clients may be waiting",
                data_state="unknown",
                retry_safe=False,
            )
        named = "; ".join(str(client) for client in in_the_way) or "none was found"
        return PoolerError(
            f"pause {database} on {self.address} within {deadline.seconds:g} s",
            cause=f"{cause.cause}; sessions inside a transaction: {named}. The traffic was resumed",
            next_action="End these transactions or raise the deadline, then run again",
            evidence={"resumed": True, "in_the_way": [asdict(client) for client in in_the_way]},
        )

    def _wait(self, deadline: Deadline) -> None:
        """Drive the connection until it is idle; TimeoutError when the deadline passes first."""
        while True:
            state = self._connection.poll()
            if state == psycopg2.extensions.POLL_OK:
                return
            descriptor = self._connection.fileno()
            reads = [descriptor] if state == psycopg2.extensions.POLL_READ else []
            writes = [descriptor] if state == psycopg2.extensions.POLL_WRITE else []
            if deadline.is_over or not any(select.select(reads, writes, [], deadline.remaining)):
                raise TimeoutError


def _quoted(name: str) -> str:
    """The console has no parameters and no escaping: a name that would need it is refused."""
    if not name or any(character in name for character in "\"';\\") or not name.isprintable():
        raise InputError(
            f"name the pooler's entry {name!r}",
            cause="quotes, semicolons, backslashes and control characters cannot be sent to its console",
            next_action="Give the entry a plain name",
        )
    return f'"{name}"'


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
