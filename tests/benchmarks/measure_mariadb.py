"""A MariaDB through the modules and through the pipe that a person would use, in turn; run by `make bench`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.benchmarks.timing import timed
from tests.integration.mariadb_backup.conftest import MakeSandbox, make_sandbox
from tests.integration.mariadb_backup.sandbox import Sandbox, as_mysql, server_of
from tests.integration.servers.process import wait_until

__all__ = ["make_sandbox"]

ROWS = 870_000  # 1 GB
FILL = """SET sql_log_bin = 0;
CREATE TABLE bulk (id int PRIMARY KEY, noise varbinary(512), words varchar(512));
INSERT INTO bulk SELECT seq, RANDOM_BYTES(512), REPEAT(MD5(seq), 16) FROM seq_1_to_{rows};"""
DEADLINE_SECONDS = 600


@pytest.fixture
def server(make_sandbox: MakeSandbox) -> Iterator[Sandbox]:
    sandbox = make_sandbox()
    sandbox.sql(FILL.format(rows=ROWS))
    yield sandbox


def begin_anew(sandbox: Sandbox) -> None:
    """A repository with nothing in it, which the host has seen: its first look asks restic, whatever comes after."""
    for directory in (sandbox.repository, sandbox.trust, sandbox.settings.with_suffix(".cache")):
        shutil.rmtree(directory, ignore_errors=True)
    sandbox.restic("init")
    sandbox.succeed("backup_info")


def by_shell(sandbox: Sandbox, words: str, *places: Path) -> str:
    settings = dict(line.split("=", 1) for line in sandbox.settings.read_text().splitlines())
    return as_mysql("bash", "-c", f"set -e -o pipefail; {words}", "bash", *map(str, places), **settings)


def back_up_bare(sandbox: Sandbox) -> None:
    pipe = 'mariadb-backup --no-defaults --backup --stream=mbstream --datadir="$1" --socket="$2" --target-dir="$3"'
    store = "restic backup --stdin --stdin-filename backup.mbstream"
    by_shell(sandbox, f"{pipe} | {store}", sandbox.data, sandbox.root / "s.sock", sandbox.root / "notes")


def restore_bare(sandbox: Sandbox, place: Path) -> None:
    """What a person would do: unpack, prepare, start it cut off from everything, check every table, stop."""
    by_shell(sandbox, 'mkdir "$1"; restic dump latest /backup.mbstream | mbstream -x -C "$1"', place)
    as_mysql("mariadb-backup", "--no-defaults", "--prepare", f"--target-dir={place}")
    socket = place / "mysqld.sock"
    alone = ["--skip-networking", "--skip-slave-start", "--event-scheduler=OFF"]
    given = [f"--datadir={place}", f"--socket={socket}", f"--log-error={place}/server.log", *alone]
    process = subprocess.Popen(["runuser", "-u", "mysql", "--", "/usr/sbin/mariadbd", "--no-defaults", *given], cwd="/")
    ping = ["runuser", "-u", "mysql", "--", "mariadb-admin", "--no-defaults", f"--socket={socket}", "ping"]
    wait_until("the copy answers", lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0)
    told = as_mysql("mariadb-check", "--no-defaults", f"--socket={socket}", "--all-databases", "--check", "--quick")
    assert "shop.bulk" in told
    process_id = server_of(place)
    assert process_id is not None
    os.kill(process_id, signal.SIGTERM)
    process.wait()


def with_pipe(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    begin_anew(sandbox)
    place = sandbox.root / "bare"
    seconds["bare backup"].append(timed(partial(back_up_bare, sandbox)))
    seconds["bare restore"].append(timed(partial(restore_bare, sandbox, place)))
    shutil.rmtree(place)


def with_modules(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    begin_anew(sandbox)
    place = sandbox.root / "beside"
    taken: dict[str, Any] = {"strategy": "full", "deadline": DEADLINE_SECONDS}
    seconds["backup"].append(timed(partial(sandbox.succeed, "backup", **taken)))
    wanted: dict[str, Any] = {
        "mode": "beside",
        "directory": str(place),
        "keep_running": False,
        "deadline": DEADLINE_SECONDS,
    }
    seconds["restore"].append(timed(partial(sandbox.succeed, "restore", **wanted)))
    shutil.rmtree(place)


def test_a_server(server: Sandbox) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    for _run in range(int(os.environ["BENCH_RUNS"])):
        with_pipe(server, seconds)
        with_modules(server, seconds)
    Path(os.environ["BENCH_OUTPUT"]).write_text(json.dumps(seconds))
