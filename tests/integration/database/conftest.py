# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scratch PostgreSQL clusters on loopback, in directories of their own, made and ended by the tests that use them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_as_postgres import run_as_postgres
from tests.integration.servers.postgresql import PROGRAMS, as_postgres, start_debian_cluster, system_identifier_of
from tests.integration.servers.process import free_port, place_for_data

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
CREATE ROLE recovery LOGIN REPLICATION PASSWORD '{password}' IN ROLE pg_monitor, pg_checkpoint;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD '{password}';
GRANT SET, ALTER SYSTEM ON PARAMETER restore_command, wal_retrieve_retry_interval TO recovery;
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO recovery;
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
      pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
CREATE TABLE entry (id int PRIMARY KEY, note text);
CREATE ROLE shop LOGIN PASSWORD '{password}';
GRANT ALL ON entry TO shop;
"""


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

    def make_primary(self) -> None:
        self.configure()
        as_postgres(str(PROGRAMS / "initdb"), "-D", str(self.data), "--no-sync", "--data-checksums", "-A", "peer")
        self.start()
        self.sql(ROLES.format(password=PASSWORD))

    def make_standby_of(self, primary: ScratchCluster) -> None:
        self.configure()
        conninfo = f"host=127.0.0.1 port={primary.port} user=replicator password={PASSWORD}"
        as_postgres(
            *(str(PROGRAMS / "pg_basebackup"), "-D", str(self.data), "-d", conninfo),
            *("-R", "-c", "fast", "-X", "stream", "-C", "-S", self.name, "--no-sync"),
        )
        self.start()

    def take_over_from(self, made: ScratchCluster) -> None:
        """The same data, in a place and at a port of its own."""
        self.configure()
        as_postgres("cp", "-a", str(made.data), str(self.data))

    def start(self) -> None:
        start_debian_cluster(self.data, self.configuration, self.root / f"{self.name}.log")

    def stop(self, mode: str = "fast") -> None:
        as_postgres(str(PROGRAMS / "pg_ctl"), "stop", "-D", str(self.data), "-m", mode)

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
        return system_identifier_of(self.data)


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


RunModule = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(library: Path) -> RunModule:
    """Run a module as the database's user, as Ansible would."""

    def run(name: str, arguments: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
        return run_as_postgres(library, name, arguments, check=check)

    return run


@pytest.fixture
def scratch() -> Iterator[Path]:
    if os.geteuid() != 0 or not PROGRAMS.exists():
        pytest.skip("needs root and PostgreSQL 15")
    root = Path(tempfile.mkdtemp(prefix="pg", dir=place_for_data()))
    shutil.chown(root, "postgres", "postgres")
    yield root
    for pid_file in root.glob("data/*/postmaster.pid"):
        stop = [str(PROGRAMS / "pg_ctl"), "stop", "-D", str(pid_file.parent), "-m", "immediate"]
        subprocess.run(["runuser", "-u", "postgres", "--", *stop], capture_output=True, check=False)
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def template() -> Iterator[Pair]:
    """A pair that was made once and stopped cleanly, standby last; each test gets a copy."""
    if os.geteuid() != 0 or not PROGRAMS.exists():
        pytest.skip("needs root and PostgreSQL 15")
    root = Path(tempfile.mkdtemp(prefix="pg", dir=place_for_data()))
    shutil.chown(root, "postgres", "postgres")
    made = Pair(ScratchCluster(root, "fra_db1"), ScratchCluster(root, "dub_db1"))
    made.primary.make_primary()
    made.standby.make_standby_of(made.primary)
    made.primary.stop()
    made.standby.stop()
    yield made
    shutil.rmtree(root)


@pytest.fixture
def pair(scratch: Path, template: Pair) -> Pair:
    primary, standby = ScratchCluster(scratch, "fra_db1"), ScratchCluster(scratch, "dub_db1")
    primary.take_over_from(template.primary)
    standby.take_over_from(template.standby)
    as_postgres("cp", "-a", f"{template.primary.root}/archive", str(scratch))
    follow = f"s/port={template.primary.port}/port={primary.port}/"
    as_postgres("sed", "-i", follow, str(standby.data / "postgresql.auto.conf"))
    primary.start()
    standby.start()
    return Pair(primary, standby)
