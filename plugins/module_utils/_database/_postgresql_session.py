# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A session with a PostgreSQL server: one connection, autocommit, rows as dicts, refusals as RecoveryErrors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    PreconditionError,
    RecoveryError,
    ToolError,
)

try:
    import psycopg2
    import psycopg2.extras

    PSYCOPG2_MISSING = False
except ImportError:
    PSYCOPG2_MISSING = True

# Ansible publishes no types.
EXPLAIN_MISSING: Any = missing_required_lib

# What PostgreSQL says when it knows us and will not have us (class 28), and when the role lacks a right.
REFUSED_WORDS = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist")


def require_driver() -> None:
    """A clear failure instead of an ImportError where psycopg2 is missing."""
    if PSYCOPG2_MISSING:
        raise PreconditionError(
            "speak to PostgreSQL",
            cause=str(EXPLAIN_MISSING("psycopg2")),
            next_action="Install it for the Python interpreter that Ansible uses there",
        )


class Session:
    """An open connection; every statement commits by itself."""

    def __init__(self, connection: Any, where: str) -> None:
        self.connection = connection
        self.where = where

    def rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        """The rows of a statement; an error of the server is a ToolError with its own words."""
        try:
            with self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, parameters or None)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []
        except psycopg2.Error as error:
            raise ToolError(
                f"ask PostgreSQL on {self.where}",
                cause=str(error).strip() or type(error).__name__,
                next_action="See the log of that server",
                evidence={"sqlstate": error.pgcode},
            ) from error

    def row(self, statement: str, parameters: tuple[Any, ...] = ()) -> dict[str, Any]:
        """The one row of a statement; none is a ToolError."""
        rows = self.rows(statement, parameters)
        if len(rows) != 1:
            raise ToolError(
                f"ask PostgreSQL on {self.where}",
                cause=f"one row was expected, {len(rows)} came",
                next_action="Compare the version of the server with the supported ones",
            )
        return rows[0]

    def value(self, statement: str, parameters: tuple[Any, ...] = ()) -> Any:
        """The first column of the one row."""
        return next(iter(self.row(statement, parameters).values()))

    def close(self) -> None:
        with suppress(psycopg2.Error):
            self.connection.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()


def open_session(
    *,
    host: str,
    port: int,
    user: str,
    password: str | None = None,
    database: str = "postgres",
    application: str = "recovery",
    connect_seconds: float = 2,
    statement_seconds: float = 10,
    replication: bool = False,
) -> Session:
    """Connect; a refusal is an AccessError, silence or a closed port a PreconditionError."""
    require_driver()
    where = f"{host}:{port}"
    extra: dict[str, Any] = {}
    if replication:
        extra["connection_factory"] = psycopg2.extras.PhysicalReplicationConnection
    else:
        extra["options"] = f"-c statement_timeout={int(statement_seconds * 1000)} -c client_min_messages=warning"
    if password is not None:
        extra["password"] = password
    try:
        connection = psycopg2.connect(
            host=host,
            port=port,
            user=user,
            dbname=database,
            application_name=application,
            # libpq counts whole seconds, and takes 1 for 2.
            connect_timeout=max(2, int(connect_seconds)),
            tcp_user_timeout=int(max(connect_seconds, statement_seconds) * 1000),
            **extra,
        )
    except psycopg2.Error as error:
        raise connection_error(where, user, str(error)) from error
    if not replication:
        connection.autocommit = True
    return Session(connection, where)


def connection_error(where: str, user: str, said: str) -> RecoveryError:
    """The RecoveryError for what the driver said."""
    what = f"connect to PostgreSQL on {where} as {user}"
    cause = " ".join(said.split()) or "no reason was given"
    if any(word in cause for word in REFUSED_WORDS) and "No such file" not in cause:
        return AccessError(what, cause=cause, next_action=f"Correct the password or the pg_hba.conf entry for {user}")
    return PreconditionError(what, cause=cause, next_action="See whether that server runs and is reachable from here")
