"""The way to the database: connections to the site's pooler, kept and used again."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg2
from psycopg2 import errors, extensions

# What may pass by itself while the database moves: no connection, a lost one, a server that is
# starting or stopping, and a standby that is about to become the primary.
PASSING = (psycopg2.OperationalError, psycopg2.InterfaceError, errors.ReadOnlySqlTransaction)
CONNECTIONS = 16
RETRY_SECONDS = 0.05
FILL_SECONDS = 0.2

Parameters = Mapping[str, object] | None


class DatabaseUnavailable(Exception):
    """The database did not take the statement within the patience of the shop."""


class Database:
    """Runs single statements, each its own transaction.

    Only idempotent statements may be given: when a connection is lost in the middle, it is unknown
    whether the statement was committed, and it is sent again.
    """

    def __init__(self, connection: str, patience_seconds: float) -> None:
        self._connection_string = connection
        self._patience_seconds = patience_seconds
        self._idle: list[extensions.connection] = []
        self._lock = threading.Lock()
        self._open = 0
        # No more requests at a time than connections: who logs in while the pooler pauses makes it try a server
        # that is not there yet, and wait before it tries again.
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._pause = threading.Event()

    def run(self, statement: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """Run one idempotent statement and return its rows."""
        give_up_at = time.monotonic() + self._patience_seconds
        if not self._free.acquire(timeout=self._patience_seconds):
            raise DatabaseUnavailable("all connections wait for the pooler")
        try:
            return self._run_until(give_up_at, statement, parameters)
        finally:
            self._free.release()

    def _run_until(self, give_up_at: float, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        while True:
            try:
                return self._run_once(statement, parameters)
            except PASSING as error:
                if time.monotonic() + RETRY_SECONDS >= give_up_at:
                    raise DatabaseUnavailable(" ".join(str(error).split())) from error
            self._pause.wait(RETRY_SECONDS)

    def _run_once(self, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        with self._borrowed() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def keep_filled(self, stop: threading.Event) -> None:
        """Open all connections ahead, one at a time, so that no request has to log in."""
        while not stop.wait(FILL_SECONDS):
            with self._lock:
                full = self._open >= CONNECTIONS
            if not full:
                with contextlib.suppress(psycopg2.OperationalError):
                    connection = self._connect()
                    with self._lock:
                        self._idle.append(connection)

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[extensions.connection]:
        """A connection of our own; after a passing error it is closed, and with it the idle ones of the same age."""
        connection = self._take()
        try:
            yield connection
        except PASSING:
            self._drop([connection])
            self.close()
            raise
        except BaseException:
            self._drop([connection])
            raise
        with self._lock:
            self._idle.append(connection)

    def _take(self) -> extensions.connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _connect(self) -> extensions.connection:
        connection = psycopg2.connect(self._connection_string)
        connection.autocommit = True
        with self._lock:
            self._open += 1
        return connection

    def _drop(self, connections: list[extensions.connection]) -> None:
        for connection in connections:
            connection.close()
        with self._lock:
            self._open -= len(connections)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        self._drop(idle)
