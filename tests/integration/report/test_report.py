# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Acknowledged orders compared with those in a real database, and the report that comes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.postgresql import Server, postgresql

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc

QUERY = "SELECT id::text FROM orders WHERE taken_at >= %s"
LOST = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as running:
        running.ask("CREATE TABLE orders (id text PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT now())")
        rows = ", ".join(f"('order-{number}')" for number in range(100 - LOST))
        running.ask(f"INSERT INTO orders (id) VALUES {rows}")
        running.ask("INSERT INTO orders VALUES ('order-of-old', '2020-01-01')")
        yield running


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probe") / "record.jsonl"
    begin = time.time() - 10
    lines = [
        {"at": begin + n / 10, "seconds": 0.01, "ok": True, "id": f"order-{n}", "kind": "order", "site": "dublin"}
        for n in range(100)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def seen(record: Path) -> str:
    return str(run_module("probe_info", {"path": str(record), "since": time.time() - 5})["probe"]["record"])


def compare(server: Server, record: Path, query: str = QUERY) -> dict[str, Any]:
    # A server is reached by its socket's directory, or in this test by its address, which libpq takes there too.
    engine = {"version": 15, "port": server.port, "socket_directory": "127.0.0.1", "database": "postgres"}
    options = {"engine": {"postgresql": engine}, "query": query, "probe_lines": seen(record)}
    compared: dict[str, Any] = run_module("reconciliation_info", options)["reconciliation"]
    return compared


def test_orders_that_were_acknowledged_and_are_missing_are_counted_and_named(server: Server, record: Path) -> None:
    compared = compare(server, record)
    assert (compared["acknowledged"], compared["lost"], compared["why_not"]) == (100, LOST, None)
    assert compared["lost_ids"] == ["order-97", "order-98", "order-99"]
    assert compared["lost_seconds"] == pytest.approx(0.3, abs=0.01)


def test_the_question_cannot_change_the_database(server: Server, record: Path) -> None:
    compared = compare(server, record, "DELETE FROM orders RETURNING id")
    assert compared["lost"] is None and "read-only" in compared["why_not"]
    assert server.ask("SELECT count(*) FROM orders") == 101 - LOST


def test_a_question_that_the_database_refuses_counts_nothing(server: Server, record: Path) -> None:
    compared = compare(server, record, "SELECT id FROM nothing")
    assert compared["lost"] is None and "nothing" in compared["why_not"]


def test_the_report_is_written_once_and_its_check_mode_writes_nothing(
    server: Server, record: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "run-1.jsonl"
    objectives = {"rto_seconds": 30, "rpo_seconds": 5}
    declared: dict[str, Any] = {"plan": "failover", "mode": "emergency", "source": "frankfurt", "target": "dublin"}
    declared["objectives"] = objectives
    facts = {"recovery_run": declared, "recovery_status": "succeeded", "recovery_validation": [{"passed": True}]}
    lines = [
        {"run_id": "run-1", "plan": "failover", "event": "run", "at": as_utc(time.time() - 5)},
        {"run_id": "run-1", "plan": "failover", "event": "result", "at": as_utc(time.time()), "facts": facts},
    ]
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    options = {
        "journal": str(journal),
        "probe_lines": seen(record),
        "reconciliation": compare(server, record),
        "directory": str(tmp_path / "report"),
    }
    rehearsed = run_module("report", options, check_mode=True)
    assert rehearsed["changed"] and not (tmp_path / "report").exists()
    made = run_module("report", options)
    assert made["changed"] and made["report"]["rpo"]["acknowledged_lost"] == LOST
    assert made["report"]["verdict"] == "verified"
    assert not run_module("report", options)["changed"]
    copied = run_module("report_copy", {"bundle": made["bundle"], "directory": str(tmp_path / "copy")})
    assert copied["changed"] and len(copied["files"]) == 3
