# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scratch PostgreSQL clusters on loopback, in directories of their own, made and ended by the tests that use them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible
import pytest
from ansible.release import __version__ as ansible_version

BINARIES = Path("/usr/lib/postgresql/15/bin")
REPOSITORY = Path(__file__).parents[3]
PASSWORD = "example-only-scratch-password"

CONFIGURATION = """
data_directory = '{data}'
hba_file = '{configuration}/pg_hba.conf'
ident_file = '{configuration}/pg_ident.conf'
external_pid_file = '{root}/{name}.pid'
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{root}'
wal_level = replica
max_wal_senders = 10
max_replication_slots = 10
hot_standby = on
fsync = off
shared_buffers = 16MB
archive_mode = on
archive_command = 'test -f {archive}/%f || cp %p {archive}/%f'
restore_command = 'cp {archive}/%f %p'
cluster_name = '{name}'
"""
HBA = """
local all all peer
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""
ROLES = """
CREATE ROLE recovery LOGIN PASSWORD '{password}' IN ROLE pg_monitor, pg_checkpoint;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD '{password}';
GRANT SET, ALTER SYSTEM ON PARAMETER restore_command, wal_retrieve_retry_interval TO recovery;
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO recovery;
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
      pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
CREATE TABLE entry (id int PRIMARY KEY, note text);
CREATE ROLE shop LOGIN PASSWORD '{password}';
GRANT ALL ON entry TO shop;
"""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


@dataclass
class ScratchCluster:
    """One cluster in Debian's layout under a directory of its own."""

    root: Path
    name: str
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        return self.root / "data" / self.name

    @property
    def configuration(self) -> Path:
        return self.root / "etc" / "15" / self.name

    @property
    def engine(self) -> dict[str, Any]:
        """The option ``engine`` for this cluster."""
        return {
            "postgresql": {
                "version": 15,
                "cluster": self.name,
                "port": self.port,
                "data_directory": str(self.data),
                "configuration_directory": str(self.configuration),
                "socket_directory": str(self.root),
            }
        }

    def configure(self) -> None:
        as_postgres("mkdir", "-p", str(self.configuration), str(self.data.parent), str(self.root / "archive"))
        values = {
            "data": self.data,
            "configuration": self.configuration,
            "root": self.root,
            "name": self.name,
            "port": self.port,
            "archive": self.root / "archive",
        }
        for file, text in (
            ("postgresql.conf", CONFIGURATION.format(**values)),
            ("pg_hba.conf", HBA),
            ("pg_ident.conf", ""),
            ("start.conf", "# kept comment\nauto\n"),
        ):
            as_postgres("tee", str(self.configuration / file), stdin=text)

    def make_primary(self, template: Path) -> None:
        self.configure()
        as_postgres("cp", "-a", str(template), str(self.data))
        self.start()
        self.sql(ROLES.format(password=PASSWORD))

    def make_standby_of(self, primary: ScratchCluster) -> None:
        self.configure()
        conninfo = f"host=127.0.0.1 port={primary.port} user=replicator password={PASSWORD}"
        as_postgres(
            *(str(BINARIES / "pg_basebackup"), "-D", str(self.data), "-d", conninfo),
            *("-R", "-c", "fast", "-X", "stream", "-C", "-S", self.name, "--no-sync"),
        )
        self.start()

    def start(self) -> None:
        as_postgres(
            *("pg_ctlcluster", "--skip-systemctl-redirect", "15", self.name, "start"),
            PG_CLUSTER_CONF_ROOT=str(self.root / "etc"),
        )

    def stop(self, mode: str = "fast") -> None:
        as_postgres(str(BINARIES / "pg_ctl"), "stop", "-D", str(self.data), "-m", mode)

    def runs(self) -> bool:
        """Whether its postmaster runs; one that was killed and not yet reaped does not."""
        try:
            pid = (self.data / "postmaster.pid").read_text().split()[0]
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state not in ("Z", "X")

    def sql(self, statement: str, database: str = "postgres") -> str:
        psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.root), "-p", str(self.port), database]
        return as_postgres(*psql, stdin=statement)

    @property
    def system_identifier(self) -> str:
        said = as_postgres(str(BINARIES / "pg_controldata"), "-D", str(self.data), LC_ALL="C")
        return next(line.split()[-1] for line in said.splitlines() if "system identifier" in line)


@dataclass
class Pair:
    """A primary and its streaming standby."""

    primary: ScratchCluster
    standby: ScratchCluster

    @property
    def system_identifier(self) -> str:
        return self.primary.system_identifier

    def write(self, number: int, at: ScratchCluster | None = None) -> None:
        (at or self.primary).sql(f"INSERT INTO entry VALUES ({number}, 'x')")


@pytest.fixture(scope="session")
def library() -> Iterator[Path]:
    """What a module needs, where the database's user can read it: the collection's plugins and Ansible's own."""
    root = Path(tempfile.mkdtemp(prefix="library"))
    root.chmod(0o755)
    collection = root / "ansible_collections" / "gogidix" / "disaster_recovery"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "plugins", collection / "plugins", ignore=without_caches)
    core = Path(ansible.__file__).parent
    shutil.copytree(core / "module_utils", root / "ansible" / "module_utils", ignore=without_caches)
    # As in the package that Ansible sends: nothing of the controller's side comes along.
    (root / "ansible" / "__init__.py").write_text(f"__version__ = {ansible_version!r}\n")
    yield root
    shutil.rmtree(root)


RunModule = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(library: Path) -> RunModule:
    """Run a module as the database's user, as Ansible would: its arguments on stdin, its result as JSON."""

    def run(name: str, arguments: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
        given = {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}}
        finished = subprocess.run(
            [
                *("runuser", "-u", "postgres", "--", "env", f"PYTHONPATH={library}"),
                *("/usr/bin/python3", "-m", f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}"),
            ],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert finished.stdout.strip(), finished.stderr
        result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return result

    return run


@pytest.fixture
def scratch() -> Iterator[Path]:
    if os.geteuid() != 0 or not BINARIES.exists():
        pytest.skip("needs root and PostgreSQL 15")
    root = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    shutil.chown(root, "postgres", "postgres")
    yield root
    for pid_file in root.glob("data/*/postmaster.pid"):
        stop = [str(BINARIES / "pg_ctl"), "stop", "-D", str(pid_file.parent), "-m", "immediate"]
        subprocess.run(["runuser", "-u", "postgres", "--", *stop], capture_output=True, check=False)
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """An empty data directory, made once."""
    if os.geteuid() != 0 or not BINARIES.exists():
        pytest.skip("needs root and PostgreSQL 15")
    root = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    shutil.chown(root, "postgres", "postgres")
    as_postgres(str(BINARIES / "initdb"), "-D", str(root / "data"), "--no-sync", "--data-checksums", "-A", "peer")
    yield root / "data"
    shutil.rmtree(root)


@pytest.fixture
def pair(scratch: Path, template: Path) -> Pair:
    primary, standby = ScratchCluster(scratch, "fra_db1"), ScratchCluster(scratch, "dub_db1")
    primary.make_primary(template)
    standby.make_standby_of(primary)
    return Pair(primary, standby)
