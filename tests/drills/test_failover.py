"""A group moves away and home, loses a site, and gets it back; one story, since each part stands on the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.drills.drill_lab import DrillLab, Outcome, without_the_service
from tests.drills.writers import Writers, watched

pytestmark = pytest.mark.lab


@pytest.fixture
def writers(lab: DrillLab) -> Iterator[Writers]:
    with watched(lab) as seen:
        yield seen


def assert_served_without_loss(outcome: Outcome) -> None:
    assert outcome.code == 0, outcome.story
    assert outcome.report["verdict"] == "verified", outcome.report["reasons"]
    assert outcome.report["client"]["requests"] > 50
    assert outcome.report["client"]["failed_requests"] == 0
    assert outcome.report["rpo"]["acknowledged_lost"] == 0


def test_a_planned_move_and_the_way_home_fail_no_request_and_lose_no_order(
    lab: DrillLab, load: None, writers: Writers, tmp_path: Path
) -> None:
    # The first of them as it is published, without the service.
    alone = {"ANSIBLE_COLLECTIONS_PATH": str(without_the_service(tmp_path))}
    sites = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin"}
    away = lab.start("failover", sites, environment=alone).finish()
    assert_served_without_loss(away)
    there = lab.world()
    assert (there.roles, there.names_point_at, there.leases) == (("standby", "primary"), "dublin", ())
    assert there.shops == ("stopped", "running enabled")

    again = lab.move("frankfurt", "dublin")
    assert again.code == 0, again.story
    assert again.changes("Move", "Arrive") == []
    assert lab.world() == there

    home = lab.move("dublin", "frankfurt", plan="failback")
    assert_served_without_loss(home)
    back = lab.world()
    assert (back.roles, back.names_point_at, back.leases) == (("primary", "standby"), "frankfurt", ())
    assert writers.most_at_once() == 1


def test_a_lost_site_is_left_with_proof_and_comes_back_as_a_standby(
    lab: DrillLab, load: None, writers: Writers
) -> None:
    lab.do("power-off", "frankfurt")
    gone = lab.world().without_receivers()

    planned = lab.move("frankfurt", "dublin")
    assert planned.code == 2
    words = " ".join(planned.text.split())
    assert planned.missing() == {"fra-app1", "fra-db1", "fra-proxy1"}
    assert "Nothing was touched." in words
    assert "recovery_mode=emergency" in words
    assert planned.begun() == []
    assert lab.world().without_receivers() == gone

    emergency = lab.move("frankfurt", "dublin", "emergency")
    assert emergency.code == 0, emergency.story
    proofs = {(proof["site"], proof["method"], proof["level"]) for proof in emergency.report["fence_proofs"]}
    assert proofs == {("frankfurt", "power", 3)}
    assert "Promoting dublin now would lose" in emergency.text
    assert emergency.report["loss_estimate"]["known"] is True
    assert emergency.report["rpo"]["acknowledged_lost"] is not None
    assert any("run the plan reprotect" in incident for incident in emergency.report["incidents"])
    there = lab.world()
    assert (there.roles[1], there.names_point_at, there.leases) == ("primary", "dublin", ())

    again = lab.move("frankfurt", "dublin", "emergency")
    assert (again.code, again.status, again.undone()) == (0, "succeeded", []), again.story
    assert lab.world() == there

    lab.do("power-on", "frankfurt")
    lab.wait_for("the boot guard's decision", lambda: bool(guard(lab, "fra-db1")), 40)
    assert guard(lab, "fra-db1") != "primary"
    assert lab.world().roles[0] in ("standby", "down")
    sites = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin"}
    reprotected = lab.start("reprotect", sites).finish()
    assert reprotected.code == 0, reprotected.story
    lab.wait_for("the standby", lambda: lab.world().databases[0].endswith("|streaming"), 30)
    assert lab.world().roles == ("standby", "primary")
    assert writers.most_at_once() == 1
    assert lab.shop_for(2)["failed_requests"] == 0


def guard(lab: DrillLab, host: str) -> str:
    """How the boot guard let the database start; empty before it has decided."""
    text = lab.call("run", host, "cat", "/var/lib/recovery/boot_guard.json").stdout
    decided = json.loads(text)["databases"] if text.startswith("{") else []
    return str(decided[0]["act"]) if decided else ""
