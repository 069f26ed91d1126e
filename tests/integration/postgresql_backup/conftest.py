# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scratch clusters with a repository, in directories that the tests make and remove, and a story of one."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.postgresql_backup.sandbox import STANZA, Sandbox, Story
from tests.integration.servers.postgresql import PROGRAMS, as_postgres
from tests.integration.servers.process import place_for_data

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

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
    if os.geteuid() != 0 or not PROGRAMS.exists() or shutil.which("pgbackrest") is None:
        pytest.skip("needs root, PostgreSQL 15 and pgBackRest")
    roots: list[Path] = []

    def make() -> Sandbox:
        root = Path(tempfile.mkdtemp(prefix="pg", dir=place_for_data()))
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
        initdb = [str(PROGRAMS / "initdb"), "-D", str(sandbox.data), "--no-sync", "--data-checksums", "-A", "peer"]
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
    # Repositories count whole seconds: the moment in the middle lies clearly after what the log before it reaches.
    later = datetime.fromisoformat(sandbox.clock()) + timedelta(seconds=2)
    sandbox.sql("INSERT INTO product VALUES (20001, 'after the full backup');")
    middle = sandbox.succeed("backup", strategy="transaction_log")["log"]["segment"]
    middle_at = Deadline(10).wait_until(
        "two seconds pass",
        sandbox.clock,
        lambda now: datetime.fromisoformat(now) > later,
        next_action="Look at the clock",
    )
    sandbox.sql("INSERT INTO product VALUES (20002, 'in the next piece of the log');")
    sandbox.succeed("backup", strategy="transaction_log")
    incremental = sandbox.succeed("backup", strategy="incremental")["backup"]
    sandbox.sql("INSERT INTO product VALUES (20003, 'after the incremental backup');")
    before_drop = sandbox.clock()
    sandbox.sql("DROP TABLE product;")
    last = sandbox.succeed("backup", strategy="transaction_log")["log"]["segment"]
    return Story(sandbox, full, incremental, before_drop, middle, middle_at, last)
