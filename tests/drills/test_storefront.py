"""The shop in the lab, seen by its client through the public name."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.drills.drill_lab import DrillLab

pytestmark = pytest.mark.lab

APPLICATIONS = {"frankfurt": "fra-app1", "dublin": "dub-app1"}
PROXIES = {"frankfurt": "fra-proxy1", "dublin": "dub-proxy1"}
PAUSE_POOLER = """
import psycopg2, re, time
password = re.search('"recovery" "(.*)"', open("/etc/pgbouncer/userlist.txt").read())[1]
connection = psycopg2.connect(host="127.0.0.1", port=6432, dbname="pgbouncer", user="recovery", password=password)
connection.autocommit = True
console = connection.cursor()
console.execute("PAUSE storefront")
time.sleep(0.4)
console.execute("RESUME storefront")
"""
DATABASE = "host=10.20.1.31 port=6432 dbname=storefront user=storefront"


@dataclass(frozen=True)
class Shopping:
    """One session of the load client at the witness, with a record of its own."""

    lab: DrillLab
    record: str

    @classmethod
    def at(cls, lab: DrillLab) -> Shopping:
        return cls(lab, f"/tmp/{uuid.uuid4()}.jsonl")

    def run(self, **options: float) -> dict[str, Any]:
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return self._load("run", *words)

    def reconcile(self) -> dict[str, Any]:
        return self._load("reconcile", "--dsn", DATABASE)

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lab.do("run", "wit-probe1", "cat", self.record).splitlines()]

    def _load(self, command: str, *words: str) -> dict[str, Any]:
        said = self.lab.do("run", "wit-probe1", "storefront-load", command, "--record", self.record, *words)
        figures: dict[str, Any] = json.loads(said)
        return figures


@pytest.fixture
def shopping(lab: DrillLab) -> Shopping:
    return Shopping.at(lab)


@pytest.fixture
def site(lab: DrillLab) -> str:
    """The active site: the one that answers under the public name."""
    (seen,) = Shopping.at(lab).run(rate=1, duration=1)["sites"]
    return str(seen)


@contextmanager
def in_the_middle(seconds: float, lab: DrillLab, host: str, *command: str) -> Iterator[None]:
    """Run a command at a host while the body goes on."""
    timer = threading.Timer(seconds, lab.do, ("run", host, *command))
    timer.start()
    yield
    timer.join()


def query(lab: DrillLab, statement: str) -> list[str]:
    environment = "PGPASSFILE=/etc/storefront/pgpass"
    program = (
        "import psycopg2,sys; c=psycopg2.connect(sys.argv[1]).cursor(); c.execute(sys.argv[2]);"
        "print(*('|'.join(map(str, row)) for row in c.fetchall()), sep='\\n')"
    )
    return lab.do("run", "wit-probe1", "env", environment, "python3", "-c", program, DATABASE, statement).splitlines()


def test_two_hundred_orders_through_the_public_name_are_all_present_with_the_site_that_took_them(
    lab: DrillLab, shopping: Shopping
) -> None:
    figures = shopping.run(rate=40, duration=5)
    assert (figures["orders"], figures["acknowledged_orders"], figures["failed_requests"]) == (200, 200, 0)
    found = shopping.reconcile()
    assert (found["acknowledged"], found["present"], found["lost"]) == (200, 200, 0)
    answered = {entry["id"]: entry["site"] for entry in shopping.entries() if entry["kind"] == "order"}
    since = min(entry["at"] for entry in shopping.entries()) - 1
    rows = query(lab, f"SELECT id, site FROM orders WHERE taken_at >= to_timestamp({since})")
    stored = dict(row.split("|") for row in rows)
    assert {key: stored[key] for key in answered} == answered


def test_a_killed_shop_shows_as_failed_requests_and_a_gap_and_nothing_acknowledged_is_lost(
    lab: DrillLab, site: str, shopping: Shopping
) -> None:
    command = "kill -9 $(cat /run/storefront.pid); sleep 2; service storefront start"
    with in_the_middle(2.0, lab, APPLICATIONS[site], "sh", "-c", command):
        figures = shopping.run(rate=20, duration=9)
    assert figures["orders"] == 180
    assert figures["failed_requests"] > 0
    assert figures["longest_gap_ms"] >= 1900
    assert (
        figures["acknowledged_orders"]
        + sum(not entry["ok"] for entry in shopping.entries() if entry["kind"] == "order")
        == 180
    )
    assert shopping.entries()[-1]["ok"]
    assert shopping.reconcile()["lost"] == 0


def test_a_pause_of_the_pooler_delays_orders_and_fails_none(lab: DrillLab, site: str, shopping: Shopping) -> None:
    with in_the_middle(2.0, lab, PROXIES[site], "python3", "-c", PAUSE_POOLER):
        figures = shopping.run(rate=20, duration=5)
    assert figures["failed_requests"] == 0
    assert figures["longest_stall_ms"] >= 300
    assert shopping.reconcile()["lost"] == 0


def test_cut_database_connections_are_made_again_and_fail_no_request(
    lab: DrillLab, site: str, shopping: Shopping
) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'storefront'"
    primary = next(
        host
        for host in ("fra-db1", "dub-db1")
        if lab.do("run", host, "su", "postgres", "-c", "psql -XAtc 'SELECT pg_is_in_recovery()'").strip() == "f"
    )
    with in_the_middle(2.0, lab, primary, "runuser", "-u", "postgres", "--", "psql", "-XAtc", cut):
        figures = shopping.run(rate=20, duration=5)
    assert figures["failed_requests"] == 0
    assert shopping.reconcile()["lost"] == 0


def test_a_shop_that_is_told_to_stop_finishes_what_it_has_begun(lab: DrillLab, site: str, shopping: Shopping) -> None:
    host, log = APPLICATIONS[site], "/var/log/storefront.log"
    lab.do("run", host, "truncate", "--size=0", log)
    command = "service storefront stop && sleep 1 && service storefront start"
    with in_the_middle(2.0, lab, host, "sh", "-c", command):
        shopping.run(rate=20, duration=6)
    # The proxy tries again for a while or turns requests away; none was taken by the shop and then dropped.
    failures = {entry["error"].partition(":")[0] for entry in shopping.entries() if not entry["ok"]}
    assert failures <= {"status 503", "no answer in time"}
    assert shopping.entries()[-1]["ok"]
    assert lab.do("run", host, "cat", log) == ""
