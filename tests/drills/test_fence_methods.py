"""An emergency whose source cannot be switched off: its service is stopped, or every path to it is cut."""

from __future__ import annotations

from typing import Any

import pytest
from tests.drills.drill_lab import DrillLab, Outcome

pytestmark = pytest.mark.lab

OUTSIDE = ("fra-app1", "fra-proxy1", "dub-app1", "dub-proxy1", "wit-probe1")


def leave_frankfurt(lab: DrillLab, method: str) -> Outcome:
    asked: dict[str, Any] = {
        "recovery_fence": {method: {}},
        "recovery_accept_source_answers": "the drill: it answers, and must be left",
    }
    outcome = lab.move("frankfurt", "dublin", "emergency", **asked)
    assert outcome.code == 0, outcome.story
    assert outcome.report["rpo"]["acknowledged_lost"] in (0, None)
    there = lab.world()
    assert (there.roles[1], there.names_point_at, there.leases) == ("primary", "dublin", ())
    return outcome


def follow_again(lab: DrillLab, method: str) -> None:
    sites = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin"}
    reprotected = lab.start("reprotect", {**sites, "recovery_fence": {method: {}}}).finish()
    assert reprotected.code == 0, reprotected.story
    lab.wait_for("the standby", lambda: lab.world().databases[0].endswith("|streaming"), 30)
    assert lab.world().roles == ("standby", "primary")


def proofs(outcome: Outcome) -> set[tuple[str, str, int]]:
    return {(proof["site"], proof["method"], proof["level"]) for proof in outcome.report["fence_proofs"]}


def reaches(lab: DrillLab, host: str) -> bool:
    return lab.knock(host, "10.10.1.11", 5432) == "answered"


def test_sites_that_are_parted_leave_the_old_primary_to_nobody(lab: DrillLab) -> None:
    lab.do("partition", "frankfurt", "dublin")
    outcome = leave_frankfurt(lab, "path")
    assert proofs(outcome) == {("frankfurt", "path", 1)}
    assert lab.world().roles[0] == "primary"
    assert [host for host in OUTSIDE if reaches(lab, host)] == []

    lab.do("heal")
    assert [host for host in OUTSIDE if reaches(lab, host)] == []
    assert lab.shop_for(1)["failed_requests"] == 0

    follow_again(lab, "path")
    assert [host for host in OUTSIDE if not reaches(lab, host)] == []


def test_a_database_that_hangs_is_stopped_and_comes_back_as_a_standby(lab: DrillLab) -> None:
    lab.do("run", "fra-db1", "pkill", "-STOP", "-x", "postgres")
    outcome = leave_frankfurt(lab, "service")
    assert proofs(outcome) == {("frankfurt", "service", 2)}
    assert lab.world().roles[0] == "down"
    assert lab.shop_for(1)["failed_requests"] == 0

    follow_again(lab, "service")
