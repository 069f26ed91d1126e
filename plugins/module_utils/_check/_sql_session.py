# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One read-only transaction of a check with a PostgreSQL server, directly or through a pooler."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._library import require_library

try:
    import psycopg2

    HAS_PSYCOPG2 = True
except ImportError:
    HAS_PSYCOPG2 = False

CONNECTION: dict[str, Any] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5432},
    "database": {"type": "str", "default": "postgres"},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
}


class ReadOnlySession:
    """Opened, asked and closed within the deadline. A pooler takes no start-up options, so they are set inside."""

    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self._options = options
        self._deadline = deadline
        self._where = f"{options['host']}:{options['port']}/{options['database']}"
        self._connection: Any = None

    def __enter__(self) -> ReadOnlySession:
        require_library("psycopg2", HAS_PSYCOPG2)
        try:
            self._connection = psycopg2.connect(
                host=self._options["host"],
                port=self._options["port"],
                user=self._options["user"],
                password=self._options["password"],
                dbname=self._options["database"],
                application_name="recovery check",
                connect_timeout=max(2, int(self._deadline.remaining)),
            )
            self._connection.set_session(readonly=True)
            milliseconds = max(1, int(self._deadline.remaining * 1000))
            with self._connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        except psycopg2.Error as error:
            self._close()
            raise PreconditionError(
                f"connect to {self._where} as {self._options['user']}",
                cause=" ".join(str(error).split()) or type(error).__name__,
                next_action="See whether that server runs, is reachable from here and takes this user",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def row(self, query: str, parameters: tuple[Any, ...] | None = None) -> tuple[Any, ...] | None:
        """The first row, or None."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(query, parameters)
                found: tuple[Any, ...] | None = cursor.fetchone() if cursor.description else None
                return found
        except psycopg2.Error as error:
            raise ToolError(
                f"ask {self._where}",
                cause=" ".join(str(error).split()) or type(error).__name__,
                next_action="Correct the query, or look at the log of that server",
            ) from error

    def value(self, query: str) -> str | None:
        """The first column of the first row as text; None without a row or for a null."""
        row = self.row(query)
        return None if row is None or row[0] is None else str(row[0])

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
