# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch PostgreSQL cluster with a pgBackRest repository, in one directory that the tests make and remove."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ansible
import pytest
from ansible.release import __version__

BINARIES = Path("/usr/lib/postgresql/15/bin")
ROOT = Path(__file__).parents[3]
STANZA = "orders"
PASSPHRASE = "example-only-passphrase"
SERVER = """
data_directory = '{data}'
hba_file = '{configuration}/pg_hba.conf'
ident_file = '{configuration}/pg_ident.conf'
port = 5432
listen_addresses = ''
unix_socket_directories = '{root}'
fsync = off
shared_buffers = 16MB
max_connections = 30
archive_mode = on
archive_command = 'pgbackrest --config={root}/pgbackrest.conf --stanza={stanza} archive-push %p'
log_timezone = UTC
"""
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

    def argv(self, name: str) -> list[str]:
        return [
            *("runuser", "-u", "postgres", "--", "env", f"PYTHONPATH={self.library}"),
            f"PG_CLUSTER_CONF_ROOT={self.root / 'etc'}",
            *("/usr/bin/python3", "-m", f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}"),
        ]

    def given(self, options: dict[str, Any], *, check: bool = False) -> str:
        arguments = {**self.options, **options, "_ansible_check_mode": check, "_ansible_diff": True}
        return json.dumps({"ANSIBLE_MODULE_ARGS": arguments})

    def run(self, name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run a module as the database's user, as Ansible would."""
        finished = subprocess.run(
            self.argv(name),
            input=self.given(options, check=check),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert finished.stdout.strip(), finished.stderr
        result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return result

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
            self.argv(name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(self.given(options))
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
        said = as_postgres(str(BINARIES / "pg_controldata"), "-D", str(self.data), LC_ALL="C")
        return next(line.split()[-1] for line in said.splitlines() if "system identifier" in line)

    def is_running(self, directory: Path | None = None) -> bool:
        status = [str(BINARIES / "pg_ctl"), "status", "-D", str(directory or self.data)]
        finished = subprocess.run(["runuser", "-u", "postgres", "--", *status], capture_output=True, check=False)
        return finished.returncode == 0

    def start(self) -> None:
        as_postgres(
            *("pg_ctlcluster", "--skip-systemctl-redirect", "15", "main", "start"),
            PG_CLUSTER_CONF_ROOT=str(self.root / "etc"),
        )

    def stop(self) -> None:
        as_postgres(str(BINARIES / "pg_ctl"), "stop", "-D", str(self.data), "-m", "fast")

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


@pytest.fixture(scope="session")
def library() -> Iterator[Path]:
    """What a module needs, where the database's user can read it: the collection's plugins and Ansible's own."""
    root = Path(tempfile.mkdtemp(prefix="library"))
    root.chmod(0o755)
    collection = root / "ansible_collections" / "gogidix" / "disaster_recovery"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "plugins", collection / "plugins", ignore=without_caches)
    shutil.copytree(Path(ansible.__file__).parent / "module_utils", root / "ansible" / "module_utils")
    # As in the package that Ansible sends: nothing of the controller's side comes along.
    (root / "ansible" / "__init__.py").write_text(f"__version__ = {__version__!r}\n")
    yield root
    shutil.rmtree(root)


def end_servers(root: Path) -> None:
    """End every server that works below a directory, by the process that its own pid file names."""
    for pid_file in root.rglob("postmaster.pid"):
        process_id = int(pid_file.read_text().splitlines()[0])
        directory = Path(f"/proc/{process_id}/cwd")
        if directory.exists() and directory.resolve() == pid_file.parent.resolve():
            os.kill(process_id, signal.SIGQUIT)


MakeSandbox = Callable[[], Sandbox]


@pytest.fixture(scope="session")
def make_sandbox(library: Path) -> Iterator[MakeSandbox]:
    """Running clusters with a stanza and nothing else; all of them are gone afterwards."""
    if os.geteuid() != 0 or not BINARIES.exists() or shutil.which("pgbackrest") is None:
        pytest.skip("needs root, PostgreSQL 15 and pgBackRest")
    roots: list[Path] = []

    def make() -> Sandbox:
        root = Path(tempfile.mkdtemp(prefix="pg"))
        roots.append(root)
        shutil.chown(root, "postgres", "postgres")
        sandbox = Sandbox(
            root, library, root / "pgbackrest.conf", root / "repository", root / "trust", root / "15/main"
        )
        folders = [sandbox.configuration, sandbox.repository, root / "log", root / "spool", sandbox.data.parent]
        as_postgres("mkdir", "-p", *map(str, folders))
        values = {"data": sandbox.data, "configuration": sandbox.configuration, "root": root, "stanza": STANZA}
        as_postgres("tee", str(sandbox.configuration / "postgresql.conf"), stdin=SERVER.format(**values))
        as_postgres("tee", str(sandbox.configuration / "pg_hba.conf"), stdin="local all all peer\n")
        as_postgres("tee", str(sandbox.configuration / "pg_ident.conf"), stdin="")
        as_postgres("tee", str(sandbox.configuration / "start.conf"), stdin="auto\n")
        initdb = [str(BINARIES / "initdb"), "-D", str(sandbox.data), "--no-sync", "--data-checksums", "-A", "peer"]
        as_postgres(*initdb)
        # Debian keeps the configuration apart from the data.
        for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"):
            (sandbox.data / name).unlink()
        sandbox.write_tool_configuration()
        sandbox.start()
        sandbox.tool("stanza-create")
        return sandbox

    yield make
    for root in roots:
        end_servers(root)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def story(make_sandbox: MakeSandbox) -> Story:
    """Products are written, backed up, written again, and a table is dropped by mistake."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name text);")
    sandbox.sql("INSERT INTO product SELECT i, md5(i::text) FROM generate_series(1, 20000) i;")
    full = sandbox.succeed("backup", strategy="full")["backup"]
    sandbox.sql("INSERT INTO product VALUES (20001, 'after the full backup');")
    middle = sandbox.succeed("backup", strategy="transaction_log")["log"]["segment"]
    middle_at = sandbox.clock()
    sandbox.sql("INSERT INTO product VALUES (20002, 'in the next piece of the log');")
    sandbox.succeed("backup", strategy="transaction_log")
    incremental = sandbox.succeed("backup", strategy="incremental")["backup"]
    sandbox.sql("INSERT INTO product VALUES (20003, 'after the incremental backup');")
    before_drop = sandbox.clock()
    sandbox.sql("DROP TABLE product;")
    last = sandbox.succeed("backup", strategy="transaction_log")["log"]["segment"]
    return Story(sandbox, full, incremental, before_drop, middle, middle_at, last)
