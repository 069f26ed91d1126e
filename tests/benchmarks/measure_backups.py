"""A gigabyte through the modules and through bare pgBackRest, in turn; run by `make bench`."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.timing import timed
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.postgresql import PROGRAMS, as_postgres

PGBENCH_SCALE = 68  # 1.0 GB
DEADLINE_SECONDS = 600


def restore_bare(sandbox: Sandbox, place: Path, *, looks_through: bool = False) -> None:
    """What a person would do: restore, start cut off from everything, wait for the end of recovery, stop.

    With ``looks_through`` also what proves the copy: its tables and indexes, and then each page once it is stopped.
    """
    as_postgres("mkdir", "-p", "-m", "700", str(place))
    sandbox.tool(f"--pg1-path={place}", "--archive-mode=off", "restore")
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": place,
        "archive_mode": "off",
        "hba_file": sandbox.configuration / "pg_hba.conf",
    }
    given = " ".join(f"-c {name}={value}" for name, value in settings.items())
    as_postgres("touch", f"{place}/postgresql.conf")
    start = [str(PROGRAMS / "pg_ctl"), "start", "-w", "-t", "300", "-D", str(place), "-l", f"{place}/log"]
    as_postgres(*start, "-o", f"-p 5499 {given}")
    while sandbox.sql("SELECT pg_is_in_recovery()", at=place, port=5499) != "f":
        time.sleep(0.05)
    if looks_through:
        # As the module does it.
        look = ["--all", "--install-missing", "--heapallindexed", "-h", str(place), "-p", "5499"]
        as_postgres(str(PROGRAMS / "pg_amcheck"), *look)
    as_postgres(str(PROGRAMS / "pg_ctl"), "stop", "-D", str(place), "-m", "fast")
    if looks_through:
        as_postgres(str(PROGRAMS / "pg_checksums"), "--check", "-D", str(place))


def test_a_gigabyte(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    runs = int(os.environ.get("BENCH_RUNS", "5"))
    as_postgres("pgbench", "-i", "-q", "-s", str(PGBENCH_SCALE), "-h", str(sandbox.root), "postgres")
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(runs):
        seconds["bare backup"].append(timed(lambda: sandbox.tool("--type=full", "backup")))
        options: dict[str, Any] = {"strategy": "full", "deadline": DEADLINE_SECONDS}
        seconds["backup"].append(timed(partial(sandbox.succeed, "backup", **options)))
        for name, prove in (("restore", "target"), ("proven restore", "everything")):
            bare, place = sandbox.root / f"bare{number}", sandbox.root / f"beside{number}"
            by_hand = partial(restore_bare, sandbox, bare, looks_through=prove == "everything")
            seconds[f"bare {name}"].append(timed(by_hand))
            shutil.rmtree(bare)
            wanted: dict[str, Any] = {
                "mode": "beside",
                "directory": str(place),
                "keep_running": False,
                "prove": prove,
                "deadline": DEADLINE_SECONDS,
            }
            seconds[name].append(timed(partial(sandbox.succeed, "restore", **wanted)))
            shutil.rmtree(place)
        proven: dict[str, Any] = {
            "level": "restored",
            "unless_proven": True,
            "scratch_directory": str(sandbox.root / "scratch"),
            "deadline": DEADLINE_SECONDS,
        }
        # Each run has a new backup, so the first call looks and the second finds the evidence of it.
        for name in ("verify", "verify again"):
            seconds[name].append(timed(partial(sandbox.succeed, "backup_verify", **proven)))
    Path(os.environ["BENCH_OUTPUT"]).write_text(json.dumps(seconds))
