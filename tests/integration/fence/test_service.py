# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with the service stopped: it works on the host of the database that is left, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from tests.integration.fence.fence_lab import MOVE, Ended, FenceLab, proof_of, role


def fence(lab: FenceLab, place: Path, *, part: str = "main", check: bool = False) -> Ended:
    variables = {**MOVE, "recovery_fence": {"service": {}}}
    keep = "fence_result" if part == "main" else "recovery_mode"
    return lab.play(place, [role(part)], keep=keep, hosts="site_dublin", asked=variables, check=check)


def test_a_frozen_database_is_stopped_for_certain_and_can_be_given_back(lab: FenceLab, tmp_path: Path) -> None:
    assert proof_of(fence(lab, tmp_path, check=True))["level"] == 0
    assert lab.database_runs()

    lab.do("run", "fra-db1", "pkill", "-STOP", "-x", "postgres")
    proof = proof_of(fence(lab, tmp_path))
    assert (proof["level"], proof["method"], proof["evidence"]["start_at_boot"]) == (2, "service", "manual")
    assert not lab.database_runs()

    again = fence(lab, tmp_path)
    assert proof_of(again)["level"] == 2
    assert "changed: [dub-db1" not in again.text.partition("Keep what was said")[0]

    released = fence(lab, tmp_path, part="undo")
    assert released.code == 0, released.text
    assert not lab.database_runs()
    lab.do("run", "fra-db1", "pg_ctlcluster", "--skip-systemctl-redirect", "15", "main", "start")
    assert lab.postgres("psql", "-XAtqc", "SELECT pg_is_in_recovery()") == "f"


def test_a_host_that_does_not_answer_gives_no_proof(lab: FenceLab, tmp_path: Path) -> None:
    lab.do("isolate", "fra-db1")
    ended = fence(lab, tmp_path)
    assert ended.code != 0
    assert "UNREACHABLE" in ended.text
    assert ended.kept == {}
    lab.do("heal")
    assert lab.database_runs()
