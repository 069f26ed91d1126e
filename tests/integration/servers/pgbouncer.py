# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PgBouncer on loopback, before a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from tests.integration.servers.process import free_port, open_directory, running, wait_until

PASSWORD = "example-only-pooler-password"
CONFIGURATION = """[databases]
%include {directory}/databases.ini
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {directory}/users.txt
admin_users = recovery
pool_mode = transaction
server_login_retry = 1
"""


@dataclass(frozen=True)
class Pooler:
    """One running pooler."""

    port: int
    databases_file: Path

    def option(self, **changed: Any) -> dict[str, Any]:
        own = {
            "port": self.port,
            "admin_user": "recovery",
            "admin_password": PASSWORD,
            "databases_file": str(self.databases_file),
            "entry": "storefront",
        }
        return {"pgbouncer": {**own, **changed}}

    def connect(self, **parameters: Any) -> Any:
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password="example",
            dbname="storefront",
            connect_timeout=2,
            **parameters,
        )

    def server_port(self) -> int:
        """The port of the server that a client of the entry reaches."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT inet_server_port()")
                return int(cursor.fetchone()[0])
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.server_port() > 0
        except psycopg2.Error:
            return False


@contextmanager
def pgbouncer(database_port: int) -> Iterator[Pooler]:
    with open_directory("postgres") as directory:
        pooler = Pooler(free_port(), directory / "databases.ini")
        (directory / "pgbouncer.ini").write_text(CONFIGURATION.format(directory=directory, port=pooler.port))
        (directory / "users.txt").write_text(f'"recovery" "{PASSWORD}"\n"postgres" "example"\n')
        pooler.databases_file.write_text(
            "; entries of the test\n"
            f"reports = host=127.0.0.1 port={database_port} dbname=postgres pool_size=2\n"
            f"storefront = host=127.0.0.1 port={database_port} dbname=postgres application_name='the shop'\n"
        )
        pooler.databases_file.chmod(0o640)
        if os.geteuid() == 0:
            shutil.chown(pooler.databases_file, "postgres", "postgres")
        with running(["/usr/sbin/pgbouncer", str(directory / "pgbouncer.ini")], directory / "log", user="postgres"):
            wait_until("PgBouncer answers", pooler.answers)
            yield pooler
