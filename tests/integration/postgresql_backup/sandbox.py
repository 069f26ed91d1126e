# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One scratch PostgreSQL cluster with a pgBackRest repository: what is asked of it and done to it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.integration.servers.module_as_postgres import module_argv, module_input, run_as_postgres
from tests.integration.servers.postgresql import PROGRAMS, as_postgres, start_debian_cluster, system_identifier_of

STANZA = "orders"
PASSPHRASE = "example-only-passphrase"
TOOL = """
[global]
repo1-path={repository}
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={passphrase}
repo1-retention-full=20
log-path={root}/log
lock-path={root}/{lock}
spool-path={root}/spool
compress-type=zst
process-max=2
start-fast=y
job-retry=0
[{stanza}]
pg1-path={data}
pg1-port=5432
pg1-socket-path={root}
"""


@dataclass(frozen=True)
class Sandbox:
    """One cluster and one view of a repository."""

    root: Path
    library: Path
    configuration_file: Path
    repository: Path
    trust: Path
    data: Path

    @property
    def configuration(self) -> Path:
        return self.root / "etc" / "15" / "main"

    @property
    def options(self) -> dict[str, Any]:
        """What every module takes."""
        return {
            "engine": {
                "postgresql": {
                    "version": 15,
                    "cluster": "main",
                    "database": "postgres",
                    "stanza": STANZA,
                    "data_directory": str(self.data),
                    "configuration_directory": str(self.configuration),
                    "socket_directory": str(self.root),
                }
            },
            "repository": {
                "name": "local",
                "number": 1,
                "filesystem": {"path": str(self.repository)},
                "cipher_passphrase": PASSPHRASE,
            },
            "configuration_file": str(self.configuration_file),
            "trust_directory": str(self.trust),
            "deadline": 60,
        }

    @property
    def environment(self) -> dict[str, str]:
        return {"PG_CLUSTER_CONF_ROOT": str(self.root / "etc")}

    def run(self, name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run a module as the database's user, as Ansible would."""
        return run_as_postgres(self.library, name, {**self.options, **options}, check=check, **self.environment)

    def succeed(self, name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        result = self.run(name, check=check, **options)
        assert not result.get("failed"), result
        return result

    def fail(self, name: str, code: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        result = self.run(name, check=check, **options)
        assert result.get("failed"), result
        assert result.get("error_code") == code, result
        assert PASSPHRASE not in json.dumps(result.get("msg"))
        return result

    def begin(self, name: str, **options: Any) -> subprocess.Popen[str]:
        """Start a module without waiting for it, in a process group of its own."""
        process = subprocess.Popen(
            module_argv(self.library, name, **self.environment),
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

    def sql(self, statement: str, *, at: Path | None = None, port: int = 5432) -> str:
        """Ask the cluster, or a copy that has its socket in its own directory."""
        psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(at or self.root), "-p", str(port), "postgres"]
        return as_postgres(*psql, stdin=statement)

    def clock(self) -> str:
        """The server's time, with its zone."""
        return self.sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')")

    def tool(self, *arguments: str) -> str:
        return as_postgres("pgbackrest", f"--config={self.configuration_file}", f"--stanza={STANZA}", *arguments)

    @property
    def system_identifier(self) -> str:
        return system_identifier_of(self.data)

    def is_running(self, directory: Path | None = None) -> bool:
        status = [str(PROGRAMS / "pg_ctl"), "status", "-D", str(directory or self.data)]
        finished = subprocess.run(["runuser", "-u", "postgres", "--", *status], capture_output=True, check=False)
        return finished.returncode == 0

    def start(self) -> None:
        start_debian_cluster(self.data, self.configuration, self.root / "server.log")

    def stop(self) -> None:
        as_postgres(str(PROGRAMS / "pg_ctl"), "stop", "-D", str(self.data), "-m", "fast")

    def write_tool_configuration(self, passphrase: str = PASSPHRASE) -> None:
        text = TOOL.format(
            root=self.root,
            repository=self.repository,
            data=self.data,
            stanza=STANZA,
            passphrase=passphrase,
            lock=f"lock-{self.configuration_file.stem}",
        )
        as_postgres("tee", str(self.configuration_file), stdin=text)

    def variation(self, name: str, *, passphrase: str = PASSPHRASE, is_copied: bool = True) -> Sandbox:
        """The same cluster with a copy of the repository that a test may damage, and evidence of its own."""
        varied = replace(
            self,
            configuration_file=self.root / f"{name}.conf",
            repository=self.root / f"repository-{name}" if is_copied else self.repository,
            trust=self.root / f"trust-{name}",
        )
        if is_copied:
            as_postgres("cp", "-a", str(self.repository), str(varied.repository))
        varied.write_tool_configuration(passphrase)
        return varied

    def file_of_backup(self, label: str, smallest: int = 20000) -> Path:
        """A file of a backup, big enough to be damaged in its middle."""
        files = (self.repository / "backup" / STANZA / label / "pg_data" / "base").rglob("*.zst")
        return max((file for file in files if file.stat().st_size >= smallest), key=lambda file: file.stat().st_size)

    def flip_bits(self, file: Path) -> None:
        with file.open("r+b") as stream:
            stream.seek(file.stat().st_size // 2)
            byte = stream.read(1)
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte[0] ^ 0xFF]))

    def segment(self, name: str) -> Path:
        """Where the repository keeps a piece of the log."""
        return next((self.repository / "archive" / STANZA).rglob(f"{name}-*"))


@dataclass(frozen=True)
class Story:
    """What happened to the database, for tests that travel back into it."""

    sandbox: Sandbox
    full: dict[str, Any]
    incremental: dict[str, Any]
    before_drop: str
    middle_segment: str
    middle_at: str
    last_segment: str
