"""What a plan refuses: the message names the field or the cause and what to do, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.drills.drill_lab import DrillLab, Outcome
from tests.drills.lease_holding import hold, let_go
from tests.integration.lab.lab_command import REPOSITORY

pytestmark = pytest.mark.lab

BESIDE = "/var/lib/postgresql/15/beside"


def assert_refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code != 0, outcome.text
    said = " ".join(outcome.text.split())
    missing = [word for word in words if word not in said]
    assert not missing, f"not said: {missing}\n{outcome.story}"
    assert outcome.changes() == []
    assert "Traceback" not in outcome.text


def assert_never_moved(outcome: Outcome) -> None:
    assert outcome.begun() == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"recovery_source_site": "paris", "recovery_target_site": "dublin"},
            ["recovery_source_site", "'paris'", "frankfurt, dublin"],
        ),
        (
            {"recovery_source_site": "frankfurt", "recovery_target_site": "paris"},
            ["recovery_target_site", "'paris'", "frankfurt, dublin"],
        ),
        (
            {"recovery_source_site": "dublin", "recovery_target_site": "dublin"},
            ["recovery_source_site is 'dublin'", "recovery_target_site is 'dublin'", "not the same"],
        ),
        (
            {
                "recovery_source_site": "frankfurt",
                "recovery_target_site": "dublin",
                "recovery_objectives": {"rto_seconds": 30, "rpo_seconds": 5},
            },
            ["rpo_bytes", "recovery_objectives"],
        ),
        (
            {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin", "recovery_mode": "quickly"},
            ["recovery_mode", "planned, manual, emergency", "quickly"],
        ),
    ],
    ids=["unknown source", "unknown target", "source is target", "missing objective", "unknown mode"],
)
def test_a_request_that_makes_no_sense_is_refused_by_its_field(
    protected_lab: DrillLab, asked: dict[str, Any], words: list[str]
) -> None:
    outcome = protected_lab.plan("failover", **asked)
    assert_refused(outcome, *words)
    assert_never_moved(outcome)


def test_a_run_that_would_leave_no_journal_is_refused_with_the_line_to_add(
    protected_lab: DrillLab, tmp_path: Path
) -> None:
    sites = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin"}
    settings = tmp_path / "ansible.cfg"
    settings.write_text("[defaults]\n")
    bare = {"ANSIBLE_CONFIG": str(settings), "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".ansible/collections")}
    outcome = protected_lab.start("failover", sites, environment=bare).finish()
    assert_refused(
        outcome,
        "the journal is not enabled",
        "callbacks_enabled = gogidix.disaster_recovery.recovery_journal",
        "recovery_accept_no_journal=<reason>",
    )


def test_an_emergency_while_the_source_still_answers_is_refused(lab: DrillLab) -> None:
    before = lab.world()
    outcome = lab.move("frankfurt", "dublin", "emergency")
    assert_refused(
        outcome, "frankfurt still answers", "recovery_mode=planned", "recovery_accept_source_answers=<reason>"
    )
    assert_never_moved(outcome)
    assert lab.world() == before


def test_a_target_that_does_not_answer_is_named(lab: DrillLab) -> None:
    before = lab.world()
    lab.do("isolate", "dub-app1")
    try:
        outcome = lab.move("frankfurt", "dublin")
    finally:
        lab.do("heal")
    assert_refused(outcome, "these hosts do not answer: dub-app1", "Nothing was touched", "Make them reachable")
    assert_never_moved(outcome)
    assert lab.world() == before


def test_a_second_run_is_refused_while_another_holds_the_group(lab: DrillLab) -> None:
    """The holder is this very process: a lease is stale only when its process is proven to be gone."""
    hold(lab, "dub-db1")
    before = lab.world()
    try:
        outcome = lab.move("frankfurt", "dublin")
        assert_refused(outcome, "held by the run somebody-else", "Wait for that run", "break_reason")
        assert outcome.status == "undone"
        assert lab.world() == before
    finally:
        let_go(lab, "dub-db1")


def test_a_standby_that_is_behind_the_objective_is_refused(lab: DrillLab) -> None:
    before = lab.world()
    lab.sql("dub-db1", "SELECT pg_wal_replay_pause()")
    try:
        outcome = lab.move("frankfurt", "dublin")
        assert_refused(outcome, "DR-RPO", "replay of the target is paused", "No acceptance changes this")
        assert outcome.status == "undone"
        assert lab.world() == before
    finally:
        lab.sql("dub-db1", "SELECT pg_wal_replay_resume()")


def test_a_check_run_of_a_failover_changes_nothing_and_gives_no_verdict(lab: DrillLab) -> None:
    before = lab.world()
    sites = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin"}
    outcome = lab.start("failover", sites, check=True).finish()
    assert outcome.code == 0, outcome.text
    assert "succeeded, not run" in " ".join(outcome.text.split())
    assert lab.world() == before


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"recovery_restore_target_time": "2026-01-01 12:00:00"}, ["zone", "2026-01-01 12:00:00"]),
        ({"recovery_restore_target_time": "2020-01-01T12:00:00Z"}, ["2020-01-01", "DR-"]),
        ({"recovery_restore_beside": "/var/lib/postgresql/15/main"}, ["/var/lib/postgresql/15/main"]),
        ({"recovery_restore_database": "invoices"}, ["recovery_restore_database=invoices", "one of orders"]),
        ({"recovery_restore_mode": "in_place"}, ["recovery_restore_confirm", "Nothing was touched"]),
    ],
    ids=["no zone", "outside the window", "directory not empty", "unknown database", "in place without confirmation"],
)
def test_a_restore_that_could_harm_or_cannot_succeed_is_refused(
    lab: DrillLab, asked: dict[str, Any], words: list[str]
) -> None:
    before = lab.world()
    wanted = {
        "recovery_restore_database": "orders",
        "recovery_restore_site": "dublin",
        "recovery_restore_beside": BESIDE,
    }
    outcome = lab.plan("restore", **{**wanted, **asked})
    assert_refused(outcome, *words)
    assert lab.world() == before
