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
        # While the pooler holds its clients back, requests wait here instead of logging in one after the other.
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

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[extensions.connection]:
        """A connection of our own; after any error it is closed, and with it the idle ones of the same age."""
        connection = self._take()
        try:
            yield connection
        except PASSING:
            connection.close()
            self.close()
            raise
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _take(self) -> extensions.connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        connection = psycopg2.connect(self._connection_string)
        connection.autocommit = True
        return connection

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
