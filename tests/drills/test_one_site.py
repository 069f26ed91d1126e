"""The newcomer's first quarter of an hour: one database, five values, and a restore that is proven."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.drills.drill_lab import DrillLab, Outcome

pytestmark = pytest.mark.lab

HOST = "fra-db2"
INVENTORIES = ("inventories/one_site", "tests/drills/inventories/one_site_lab")
PASSPHRASE = {"RECOVERY_PASSPHRASE": "example-only-passphrase-of-one-site"}
BESIDE = "/var/lib/postgresql/15/beside"


@pytest.fixture
def own_database(lab: DrillLab) -> Iterator[DrillLab]:
    """A database as Debian makes it, with a table of its owner's, on a host that knows nothing of recovery."""
    lab.do("power-on", HOST)
    lab.do("run", HOST, "pg_createcluster", "15", "main", "--start")
    lab.sql(HOST, "CREATE TABLE diary AS SELECT day FROM generate_series(1, 1000) AS day", database="postgres")
    yield lab
    lab.do("rollback", "protected", timeout=300)


def test_a_restore_of_ones_own_database_is_proven_far_within_a_quarter_of_an_hour(own_database: DrillLab) -> None:
    lab = own_database

    def run(plan: str, **asked: str) -> Outcome:
        done = lab.start(plan, asked, inventories=INVENTORIES, environment=PASSPHRASE).finish()
        assert done.code == 0, done.story
        return done

    begun = time.monotonic()
    run("protect", recovery_accept_restart="a new cluster with no clients")
    run("backup")
    drilled = run("drill")
    run("restore", recovery_restore_database="main", recovery_restore_site="home", recovery_restore_beside=BESIDE)
    assert time.monotonic() - begun < 300

    assert drilled.report["verdict"] == "verified", drilled.report["reasons"]
    assert lab.sql(HOST, "SELECT sum(day) FROM diary", database="postgres", socket=BESIDE) == "500500"
