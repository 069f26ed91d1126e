# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What breaks, and what the record says afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.runner.running_service import SITES, RunningService, marked, until

from gogidix_recovery_runner.execution import launch
from gogidix_recovery_runner.execution.run_directory import RunDirectory
from gogidix_recovery_runner.service import new_run_id
from gogidix_recovery_runner.settings import read_settings

Make = Callable[..., RunningService]


def test_a_service_killed_in_the_middle_of_a_run_takes_it_up_again_and_records_it_once(make_service: Make) -> None:
    service = make_service()
    run_id = service.begin(recovery_count=3).json()["id"]
    until("the slow task runs", lambda: marked(run_id))
    pid = service.show(run_id)["links"] and RunDirectory(service.data / "runs" / run_id).read_pid()
    service.kill()
    assert marked(run_id), "the run does not mind"
    service.start()
    run = service.wait(run_id)
    assert (run["status"], run["verdict"]) == ("succeeded", "verified")
    assert RunDirectory(service.data / "runs" / run_id).read_pid() == pid, "it was not started a second time"
    events = service.http.get(f"/api/v1/runs/{run_id}/events", params={"limit": 1000}).json()["events"]
    assert [event["counter"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["event"] == "playbook_on_start" for event in events) == 1
    assert [step["name"] for step in run["steps"]] == ["plan_input", "first", "second", "Report"]


@pytest.mark.parametrize("isolation", ["namespace", "subreaper"])
def test_a_run_whose_supervisor_was_killed_is_lost_and_holds_the_group_until_somebody_has_looked(
    make_service: Make, isolation: str
) -> None:
    service = make_service(DISASTER_RECOVERY_ISOLATION=isolation)
    run_id = service.begin(recovery_count=300).json()["id"]
    until("the slow task runs", lambda: marked(run_id))
    known = RunDirectory(service.data / "runs" / run_id).read_pid()
    assert known is not None
    os.kill(known[0], signal.SIGKILL)
    run = service.wait(run_id)
    assert run["status"] == "lost"
    until("nothing of it is left", lambda: not marked(run_id))
    assert run["holds"] == ["group:shop", "site:north", "site:south"]
    assert not list(Path("/dev/shm").glob(f"gdr-{run_id}"))
    busy = service.begin("failback")
    assert (busy.status_code, busy.json()["holder"]["status"]) == (409, "lost")
    known_by = service.http.post(f"/api/v1/runs/{run_id}/acknowledge").json()
    assert (known_by["status"], known_by["acknowledged_by"]) == ("lost", "admin")
    assert service.show(run_id)["holds"] == []
    assert service.begin("failback").status_code == 202


def test_what_is_ended_by_force_at_its_deadline_is_lost_when_it_changed_something_and_timed_out_when_it_only_observed(
    make_service: Make,
) -> None:
    service = make_service(FAILOVER_TIMEOUT="2", RECOVERY_TIMEOUT="2", DISASTER_RECOVERY_KILL_GRACE="0")
    moved = service.begin(recovery_count=300).json()["id"]
    observed = service.begin("validate", recovery_count=300).json()["id"]
    assert service.wait(moved)["status"] == "lost"
    assert service.wait(observed)["status"] == "timed_out"
    assert marked(moved) + marked(observed) == []


def test_a_second_service_on_the_same_records_is_refused(service: RunningService) -> None:
    environment = {**service.environment(), "DISASTER_RECOVERY_PORT": "8899"}
    second = subprocess.run(service.program(), env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode != 0
    assert "Another service already works on" in second.stderr


def test_a_template_that_reaches_the_values_stays_text(tmp_path: Path, project: Path) -> None:
    """The door refuses templates; this is what stands behind the door."""
    settings = read_settings(
        {
            "DISASTER_RECOVERY_DATA_DIRECTORY": str(tmp_path / "data"),
            "DISASTER_RECOVERY_PROJECT_DIRECTORY": str(project),
            "DISASTER_RECOVERY_COLLECTIONS_PATH": str(project / "collections"),
            "DISASTER_RECOVERY_COLLECTION": "example.plans",
        }
    )
    text = "{{ lookup('ansible.builtin.pipe', 'touch " + str(tmp_path / "harm") + "') }} !unsafe 'é\" \\ \x85"
    run_id = new_run_id()
    directory = RunDirectory(settings.runs_directory / run_id)
    launch.prepare(
        settings,
        directory,
        run_id=run_id,
        plan="failover",
        inventory=settings.inventories["small"],
        check=False,
        parameters={**SITES, "recovery_accept_data_loss": text, "recovery_directory": str(tmp_path)},
        secrets=[],
        deadline_at=1e12,
    )
    assert launch.launch(directory).wait(60) == 0
    assert directory.read_result() is not None
    assert (tmp_path / "given").read_text(encoding="utf-8") == text
    assert not (tmp_path / "harm").exists()
