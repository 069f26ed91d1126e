# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One scratch MariaDB server with a restic repository: what is asked of it and done to it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.integration.servers.module_as_postgres import module_argv, module_input, run_as_user
from tests.integration.servers.process import wait_until

STANZA = "shop"
PASSPHRASE = "example-only-passphrase"
SERVER = """
[mysqld]
user=mysql
datadir={root}/data
socket={root}/s.sock
pid-file={root}/server.pid
log-error={root}/server.log
skip-networking
log-bin={root}/log/mariadb-bin
server-id=7
innodb_buffer_pool_size=16M
innodb_log_file_size=8M
innodb_flush_log_at_trx_commit=2
sync_binlog=0
"""
START = """#!/bin/sh
setsid mariadbd --defaults-file={root}/my.cnf >/dev/null 2>&1 </dev/null &
"""
RESTIC = """RESTIC_REPOSITORY={repository}
RESTIC_PASSWORD_FILE={key}
RESTIC_CACHE_DIR={cache}
"""


def as_mysql(*argv: str, stdin: str | None = None, **environment: str) -> str:
    """Run a command as the server's user and return what it said; an error fails the test with its words."""
    finished = subprocess.run(
        ["runuser", "-u", "mysql", "--", "env", *(f"{k}={v}" for k, v in environment.items()), *argv],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert finished.returncode == 0, f"{argv}: {finished.stdout}{finished.stderr}"
    return finished.stdout.strip()


def server_of(directory: Path) -> int | None:
    """The process that works on a data directory, by the lock that it holds."""
    try:
        descriptor = os.open(directory / "aria_log_control", os.O_RDONLY)
    except OSError:
        return None
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, *_range, process_id = struct.unpack("hhqqi4x", fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else int(process_id)


@dataclass(frozen=True)
class Sandbox:
    """One server and one view of a repository."""

    root: Path
    library: Path
    repository: Path
    trust: Path
    settings: Path
    path: str = field(default_factory=lambda: os.environ["PATH"])

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def options(self) -> dict[str, Any]:
        """What every module takes."""
        return {
            "engine": {
                "mariadb": {
                    "version": "10.11",
                    "stanza": STANZA,
                    "data_directory": str(self.data),
                    "socket": str(self.root / "s.sock"),
                    "binary_log": str(self.root / "log" / "mariadb-bin"),
                    "database": "shop",
                    "start_command": [str(self.root / "start")],
                }
            },
            "repository": {"name": "local", "number": 1, "filesystem": {"path": str(self.repository)}},
            "configuration_file": str(self.settings),
            "trust_directory": str(self.trust),
            "deadline": 60,
        }

    def run(self, name: str, *, check: bool = False, user: str = "mysql", **options: Any) -> dict[str, Any]:
        """Run a module as the server's user, as Ansible would."""
        given = {**self.options, **options}
        return run_as_user(self.library, name, given, user=user, check=check, PATH=self.path)

    def succeed(self, name: str, *, check: bool = False, user: str = "mysql", **options: Any) -> dict[str, Any]:
        result = self.run(name, check=check, user=user, **options)
        assert not result.get("failed"), result
        return result

    def fail(self, name: str, code: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        result = self.run(name, check=check, **options)
        assert result.get("failed"), result
        assert result.get("error_code") == code, result
        assert PASSPHRASE not in json.dumps(result)
        return result

    def begin(self, name: str, *, user: str = "mysql", **options: Any) -> subprocess.Popen[str]:
        """Start a module without waiting for it, in a process group of its own."""
        process = subprocess.Popen(
            module_argv(self.library, name, user=user, PATH=self.path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(module_input({**self.options, **options}))
        process.stdin.close()
        process.stdin = None
        return process

    def sql(self, statement: str, *, at: Path | None = None) -> str:
        """Ask the server, or a copy that has its socket in its own directory."""
        socket = self.root / "s.sock" if at is None else at / "mysqld.sock"
        return as_mysql("mariadb", "--no-defaults", f"--socket={socket}", "-BN", "shop", stdin=statement)

    def products(self, *, at: Path | None = None) -> list[str]:
        """What the products are called that were not there from the beginning."""
        return self.sql("SELECT name FROM product WHERE id > 20000 ORDER BY id", at=at).split("\n")

    def clock(self) -> str:
        """The server's time, with its zone, in a second in which nothing is committed any more."""
        wait = "DO SLEEP(1.1 - MICROSECOND(NOW(6)) / 1000000);"
        return self.sql(f"{wait} SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%T.%f+00:00')")

    def restic(self, *arguments: str) -> str:
        settings = dict(line.split("=", 1) for line in self.settings.read_text().splitlines())
        return as_mysql("restic", *arguments, **settings)

    @property
    def system_identifier(self) -> str:
        return str(self.succeed("backup_info")["system_identifier"])

    def is_running(self, directory: Path | None = None) -> bool:
        return server_of(directory or self.data) is not None

    def start(self) -> None:
        as_mysql(str(self.root / "start"))
        wait_until("MariaDB answers", self.answers)

    def answers(self) -> bool:
        argv = [
            "runuser",
            "-u",
            "mysql",
            "--",
            "mariadb-admin",
            "--no-defaults",
            f"--socket={self.root}/s.sock",
            "ping",
        ]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def stop(self, directory: Path | None = None, *, number: int = signal.SIGTERM) -> None:
        process_id = server_of(directory or self.data)
        if process_id is not None:
            os.kill(process_id, number)
            wait_until("MariaDB has ended", lambda: not self.is_running(directory))

    def write_settings(self, passphrase: str = PASSPHRASE) -> None:
        key = self.settings.with_suffix(".key")
        for path, text in (
            (key, passphrase),
            (
                self.settings,
                RESTIC.format(repository=self.repository, key=key, cache=self.settings.with_suffix(".cache")),
            ),
        ):
            path.write_text(text)
            path.chmod(0o600)
            shutil.chown(path, "mysql", "mysql")

    def empty_place(self, name: str, *, passphrase: str) -> Sandbox:
        """The same server with another repository, which holds nothing yet and has a key of its own."""
        varied = replace(self, repository=self.root / f"repository-{name}", settings=self.root / f"restic-{name}.env")
        varied.write_settings(passphrase)
        varied.restic("init")
        return varied

    def variation(self, name: str, *, passphrase: str = PASSPHRASE, is_copied: bool = True) -> Sandbox:
        """The same server with a copy of the repository that a test may damage, and evidence of its own."""
        varied = replace(
            self,
            repository=self.root / f"repository-{name}" if is_copied else self.repository,
            trust=self.root / f"trust-{name}",
            settings=self.root / f"restic-{name}.env",
        )
        if is_copied:
            as_mysql("cp", "-a", str(self.repository), str(varied.repository))
        varied.write_settings(passphrase)
        return varied


@dataclass(frozen=True)
class Story:
    """What happened to the database, for tests that travel back into it."""

    sandbox: Sandbox
    full: dict[str, Any]
    incremental: dict[str, Any]
    differential: dict[str, Any]
    first: dict[str, Any]
    middle: dict[str, Any]
    last: dict[str, Any]
    before_drop: str
    before_drop_position: str
    before_drop_gtid: str
