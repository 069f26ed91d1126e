# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scratch servers with a repository, in directories that the tests make and remove, and a story of one."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.mariadb_backup.sandbox import PASSPHRASE, SERVER, START, Sandbox, Story, as_mysql, server_of
from tests.integration.servers.restic_repository import cheapen


def end_servers(root: Path) -> None:
    """End every server that works below a directory, by the process that holds its lock."""
    for control in root.rglob("aria_log_control"):
        process_id = server_of(control.parent)
        if process_id is not None:
            os.kill(process_id, signal.SIGKILL)


MakeSandbox = Callable[[], Sandbox]


@pytest.fixture(scope="session")
def make_sandbox(library: Path) -> Iterator[MakeSandbox]:
    """Running servers with an empty repository; all of them are gone afterwards."""
    needed = ("mariadbd", "mariadb-backup", "restic")
    if os.geteuid() != 0 or any(shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") is None for name in needed):
        pytest.skip("needs root, MariaDB, mariadb-backup and restic")
    roots: list[Path] = []

    def make() -> Sandbox:
        root = Path(tempfile.mkdtemp(prefix="mdb"))
        roots.append(root)
        shutil.chown(root, "mysql", "mysql")
        sandbox = Sandbox(root, library, root / "repository", root / "trust", root / "restic.env")
        as_mysql("mkdir", str(root / "log"))
        as_mysql("tee", str(root / "my.cnf"), stdin=SERVER.format(root=root))
        as_mysql("tee", str(root / "start"), stdin=START.format(root=root))
        as_mysql("chmod", "755", str(root / "start"))
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={sandbox.data}", "--skip-test-db"]
        as_mysql(*install, "--auth-root-authentication-method=socket")
        sandbox.write_settings()
        sandbox.restic("init")
        cheapen(sandbox.repository, PASSPHRASE)
        sandbox.start()
        as_mysql("mariadb", "--no-defaults", f"--socket={root}/s.sock", stdin="CREATE DATABASE shop")
        return sandbox

    yield make
    for root in roots:
        end_servers(root)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def story(make_sandbox: MakeSandbox) -> Story:
    """Products are written, backed up, written again, and a table is dropped by mistake."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name varchar(100)); CREATE TABLE other (id int);")
    # What a server in use has as well: other engines, and a view of something that is gone.
    sandbox.sql("CREATE TABLE fleeting (id int) ENGINE=MEMORY; CREATE TABLE plain (id int) ENGINE=MyISAM;")
    sandbox.sql("CREATE TABLE gone (id int); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;")
    sandbox.sql("INSERT INTO product SELECT seq, md5(seq) FROM seq_1_to_20000;")
    full = sandbox.succeed("backup", strategy="full")["backup"]
    sandbox.sql("INSERT INTO product VALUES (20001, 'after the full backup');")
    first = sandbox.succeed("backup", strategy="transaction_log")["log"]
    sandbox.sql("INSERT INTO product VALUES (20002, 'in the second piece of the log');")
    middle = sandbox.succeed("backup", strategy="transaction_log")["log"]
    incremental = sandbox.succeed("backup", strategy="incremental")["backup"]
    sandbox.sql("INSERT INTO product VALUES (20003, 'after the incremental backup');")
    differential = sandbox.succeed("backup", strategy="differential")["backup"]
    sandbox.sql("CREATE USER clerk@localhost; INSERT INTO product VALUES (20004, 'after the differential backup');")
    before_drop = sandbox.clock()
    name, position = sandbox.sql("SHOW MASTER STATUS").split("\t")[:2]
    gtid = sandbox.sql("SELECT @@gtid_binlog_pos")
    sandbox.sql("DROP TABLE product;")
    last = sandbox.succeed("backup", strategy="transaction_log")["log"]
    return Story(sandbox, full, incremental, differential, first, middle, last, before_drop, f"{name}:{position}", gtid)
