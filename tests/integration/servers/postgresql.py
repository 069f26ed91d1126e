# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server on loopback, a standby of it, and what is done as its user."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from tests.integration.servers.process import free_port, open_directory, running, wait_until

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '.'
fsync = off
wal_level = replica
max_wal_senders = 4
wal_receiver_status_interval = 1
"""


def as_postgres(*argv: str, stdin: str | None = None, **environment: str) -> str:
    """Run a command as the database's user and return what it said; an error fails the test with its words."""
    finished = subprocess.run(
        ["runuser", "-u", "postgres", "--", "env", *(f"{k}={v}" for k, v in environment.items()), *argv],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert finished.returncode == 0, f"{argv}: {finished.stdout}{finished.stderr}"
    return finished.stdout.strip()


def start_debian_cluster(data: Path, configuration: Path, log: Path) -> None:
    """Start a cluster whose settings lie elsewhere; pg_ctlcluster would watch it for two seconds more each time."""
    settings = f"-c config_file={configuration / 'postgresql.conf'}"
    as_postgres(str(PROGRAMS / "pg_ctl"), "start", "-s", "-D", str(data), "-l", str(log), "-o", settings)


def system_identifier_of(data: Path) -> str:
    said = as_postgres(str(PROGRAMS / "pg_controldata"), "-D", str(data), LC_ALL="C")
    return next(line.split()[-1] for line in said.splitlines() if "system identifier" in line)


@dataclass(frozen=True)
class Server:
    """One running server."""

    port: int
    data: Path

    def connect(self, database: str = "postgres", **parameters: Any) -> Any:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, connect_timeout=2, **parameters
        )
        connection.autocommit = True
        return connection

    def ask(self, query: str) -> Any:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                row = cursor.fetchone() if cursor.description else None
                return None if row is None else row[0]
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return bool(self.ask("SELECT true"))
        except psycopg2.Error:
            return False


@contextmanager
def postgresql() -> Iterator[Server]:
    with open_directory("postgres") as directory:
        data = directory / "data"
        _run([str(PROGRAMS / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"])
        with _started(data, directory) as server:
            yield server


@contextmanager
def standby_of(primary: Server) -> Iterator[Server]:
    with open_directory("postgres") as directory:
        data = directory / "data"
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
        _run([str(PROGRAMS / "pg_basebackup"), "-D", str(data), "-d", source, "-R", "-c", "fast", "-X", "stream"])
        with _started(data, directory) as server:
            yield server


@contextmanager
def _started(data: Path, directory: Path) -> Iterator[Server]:
    server = Server(free_port(), data)
    with (data / "postgresql.conf").open("a") as stream:
        stream.write(f"{SETTINGS}\nport = {server.port}\n")
    with running([str(PROGRAMS / "postgres"), "-D", str(data)], directory / "log", user="postgres") as process:
        wait_until("PostgreSQL answers", server.answers)
        try:
            yield server
        finally:
            process.send_signal(3)


def _run(argv: list[str]) -> None:
    as_root = os.geteuid() == 0
    subprocess.run(
        argv,
        check=True,
        capture_output=True,
        cwd="/",
        user="postgres" if as_root else None,
        group="postgres" if as_root else None,
        extra_groups=[] if as_root else None,
    )
