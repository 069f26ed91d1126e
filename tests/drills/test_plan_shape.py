"""What a failover does when its world breaks: each step's most likely cause, and nothing is left half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from tests.drills.drill_lab import DrillLab, Outcome
from tests.drills.lease_holding import hold, let_go

pytestmark = pytest.mark.lab

STEPS = ["lease", "readiness", "loss_gate", "application", "traffic", "database"]
OPEN_TRANSACTION = """
import psycopg2, signal, sys
connection = psycopg2.connect(host="10.10.1.31", port=6432, dbname="storefront", user="storefront")
connection.cursor().execute("SELECT 1")
print("open", flush=True)
signal.pause()
"""
NEVER_TRUE = [
    {"name": "the shop sells elephants", "http": {"url": "http://shop.storefront.example/", "contains": "No"}}
]


@contextmanager
def group_held_at_the_source(lab: DrillLab) -> Iterator[dict[str, Any]]:
    hold(lab, "fra-db1")
    yield {}
    let_go(lab, "fra-db1")


@contextmanager
def standby_down(lab: DrillLab) -> Iterator[dict[str, Any]]:
    lab.do("run", "dub-db1", "pg_ctlcluster", "15", "main", "stop")
    yield {}
    lab.do("run", "dub-db1", "pg_ctlcluster", "15", "main", "start")


@contextmanager
def shop_without_its_user_at_the_target(lab: DrillLab) -> Iterator[dict[str, Any]]:
    lab.do("run", "dub-app1", "usermod", "--login", "somebody", "storefront")
    yield {}
    lab.do("run", "dub-app1", "usermod", "--login", "storefront", "somebody")


@contextmanager
def wrong_key_for_the_names(lab: DrillLab) -> Iterator[dict[str, Any]]:
    yield {"vault_dns_key_secret": "d3Jvbmcga2V5IGZvciB0aGUgbmFtZXMgaW4gYSBkcmlsbA=="}


@contextmanager
def client_in_an_open_transaction(lab: DrillLab) -> Iterator[dict[str, Any]]:
    """A pooler cannot pause while a transaction is open: the move has to give up, and let everybody go on."""
    environment = "PGPASSFILE=/etc/storefront/pgpass"
    program = ["env", environment, "sh", "-c", 'python3 -c "$0" >/tmp/holder.log 2>&1 & echo $!', OPEN_TRANSACTION]
    holder = lab.do("run", "wit-probe1", *program).strip()
    lab.wait_for("the open transaction", lambda: "open" in lab.do("run", "wit-probe1", "cat", "/tmp/holder.log"), 20)
    yield {}
    lab.do("run", "wit-probe1", "kill", holder)


Break = Callable[[DrillLab], AbstractContextManager[dict[str, Any]]]


@pytest.mark.parametrize(
    ("step", "broken", "words"),
    [
        ("lease", group_held_at_the_source, ["held by the run somebody-else"]),
        ("readiness", standby_down, ["DR-PRE", "dub-db1", "cannot take over"]),
        ("application", shop_without_its_user_at_the_target, ["storefront"]),
        ("traffic", wrong_key_for_the_names, ["key"]),
        ("database", client_in_an_open_transaction, ["Could not pause storefront", "sessions inside a transaction"]),
    ],
)
def test_a_step_that_fails_has_every_begun_step_undone_last_first(
    lab: DrillLab, step: str, broken: Break, words: list[str]
) -> None:
    with broken(lab) as asked:
        before = lab.world()
        outcome = lab.move("frankfurt", "dublin", **asked)
        after = lab.world()
    assert_undone(outcome, STEPS[: STEPS.index(step) + 1])
    assert after == before
    said = outcome.text
    assert not [word for word in words if word not in said], said[-4000:]
    assert lab.shop_for(1)["failed_requests"] == 0


def assert_undone(outcome: Outcome, begun: list[str]) -> None:
    assert outcome.code == 2, outcome.story
    assert outcome.status == "undone"
    assert outcome.report["verdict"] != "verified"
    assert outcome.begun() == begun
    assert outcome.undone() == begun[::-1]
    assert "Undone. Every begun step was taken back" in " ".join(outcome.text.split())


def test_an_undo_that_fails_does_not_keep_the_others_from_being_undone(lab: DrillLab) -> None:
    """The power switch cannot be reached: there is no proof, so no promotion, and no undo of it."""
    lab.do("power-off", "frankfurt")
    before = lab.world().without_receivers()
    lab.do("partition", "controller", "power")
    try:
        outcome = lab.move("frankfurt", "dublin", "emergency")
    finally:
        lab.do("heal")
    assert outcome.code == 2, outcome.story
    assert outcome.status == "parked"
    assert outcome.begun() == ["lease", "readiness", "loss_gate", "fence"]
    assert outcome.undone() == ["fence", "loss_gate", "readiness", "lease"]
    words = " ".join(outcome.text.split())
    assert "Parked; not undone: fence. Next, read the error above" in words
    assert lab.world().without_receivers() == before


def test_nothing_is_pointed_back_at_a_site_that_was_left_for_good(lab: DrillLab) -> None:
    """The group has moved in an emergency; a run of it that fails later must not send clients to the dark site."""
    lab.do("power-off", "frankfurt")
    assert lab.move("frankfurt", "dublin", "emergency").code == 0
    there = lab.world()
    lab.do("run", "dub-proxy1", "service", "pgbouncer", "stop")
    failed = lab.move("frankfurt", "dublin", "emergency")
    lab.do("run", "dub-proxy1", "service", "pgbouncer", "start")
    assert (failed.code, failed.status) == (2, "parked"), failed.story
    assert lab.world() == there
    lab.wait_for("the pooler", lambda: lab.shop_for(1)["failed_requests"] == 0, 20)


def test_nobody_answering_is_a_failure_that_names_everybody(lab: DrillLab) -> None:
    before = lab.world()
    lab.do("isolate", "controller")
    try:
        outcome = lab.move("frankfurt", "dublin")
    finally:
        lab.do("heal")
    assert outcome.code == 2, outcome.story
    assert outcome.missing() == {f"{site}-{host}" for site in ("fra", "dub") for host in ("db1", "app1", "proxy1")}
    assert "Nothing was touched" in outcome.text
    assert outcome.begun() == []
    assert lab.world() == before


def test_a_failure_after_the_move_parks_there_and_the_next_run_goes_on(lab: DrillLab) -> None:
    parked = lab.move("frankfurt", "dublin", recovery_checks=NEVER_TRUE, recovery_validation_wait_seconds=1)
    assert parked.code == 2, parked.story
    assert parked.status == "parked"
    assert parked.undone() == []
    words = " ".join(parked.text.split())
    assert "Parked: the group is at dublin and stays fenced at frankfurt. Next," in words
    there = lab.world()
    assert (there.roles[1], there.names_point_at, there.leases) == ("primary", "dublin", ())
    assert there.primaries == 1

    again = lab.move("frankfurt", "dublin")
    assert again.code == 0, again.story
    assert lab.world().roles == ("standby", "primary")
