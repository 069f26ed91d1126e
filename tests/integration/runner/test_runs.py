# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run from its start to its record."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.integration.runner.running_service import RunningService, marked, until

CANARY = "canary-7f3a9c51"


def command_lines(over: threading.Event) -> bytes:
    """Every command line that is seen on this machine until it is over."""
    seen = set()
    while not over.wait(0.02):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:
                continue
    return b"\n".join(seen)


def test_a_run_is_followed_from_its_start_to_a_verified_end_and_its_secret_is_found_nowhere(
    service: RunningService, tmp_path: Path
) -> None:
    over, seen = threading.Event(), list[bytes]()
    sampler = threading.Thread(target=lambda: seen.append(command_lines(over)))
    sampler.start()

    answer = service.begin(
        recovery_passphrase=CANARY, recovery_directory=str(tmp_path), recovery_accept_data_loss="why not"
    )
    assert answer.status_code == 202
    run_id = answer.json()["id"]
    assert answer.headers["Location"] == f"/api/v1/runs/{run_id}"
    assert answer.headers["Retry-After"] == "1"
    with service.client() as client:
        followed = list(client.follow(run_id))
    over.set()
    sampler.join()

    run = service.show(run_id)
    assert (run["status"], run["verdict"], run["rc"]) == ("succeeded", "verified", 0)
    assert (run["rto_seconds"], run["rpo_seconds"]) == (1.5, 0)
    assert run["holds"] == []
    names = [step["name"] for step in run["steps"]]
    assert names == ["plan_input", "first", "second", "Report"]
    assert {step["status"] for step in run["steps"]} == {"succeeded"}
    assert (tmp_path / "given").read_text() == "why not"
    counters = [found.data["counter"] for found in followed if found.kind == "event"]
    assert counters == sorted(set(counters))
    assert len(counters) > 10
    assert followed[-1].kind == "end"
    assert followed[-1].data["status"] == "succeeded"

    assert run["parameters"]["recovery_passphrase"] == "********"
    assert "the passphrase is ********" in service.http.get(f"/api/v1/runs/{run_id}/log").text
    assert b"gogidix_recovery_runner.execution.supervisor" in seen[0], "the sampler saw the run"
    assert CANARY.encode() not in seen[0]
    assert CANARY.encode() not in service.database_bytes()
    for file in (path for path in service.data.rglob("*") if path.is_file()):
        assert CANARY.encode() not in file.read_bytes(), file
    assert not list(Path("/dev/shm").glob(f"gdr-{run_id}"))
    assert not (service.data / "runs" / run_id / "pdd").exists()


def test_events_can_be_taken_up_again_after_a_counter(service: RunningService) -> None:
    run_id = service.begin("validate", recovery_count=0).json()["id"]
    service.wait(run_id)
    every = service.http.get(f"/api/v1/runs/{run_id}/events").json()
    assert every["next"] is None
    counters = [event["counter"] for event in every["events"]]
    page = service.http.get(f"/api/v1/runs/{run_id}/events", params={"after": counters[2], "limit": 2}).json()
    assert [event["counter"] for event in page["events"]] == counters[3:5]
    more = service.http.get(page["next"]).json()
    assert [event["counter"] for event in more["events"]] == counters[5:7]
    streamed = service.http.get(f"/api/v1/runs/{run_id}/events/stream", headers={"Last-Event-ID": str(counters[-2])})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert f"id: {counters[-1]}\n" in streamed.text
    assert f"id: {counters[-2]}\n" not in streamed.text
    assert "event: end\n" in streamed.text


def test_while_a_run_holds_the_group_another_is_refused_with_the_holder_and_cancelling_ends_every_process(
    service: RunningService,
) -> None:
    first = service.begin(key="once", recovery_count=300)
    run_id = first.json()["id"]
    again = service.begin(key="once", recovery_count=300)
    assert (again.status_code, again.json()["id"]) == (202, run_id)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = service.begin(key="once", recovery_count=1)
    assert (other.status_code, other.json()["type"]) == (422, "urn:gogidix:recovery:problem:idempotency-key-reused")

    busy = service.begin("failback")
    assert busy.status_code == 409
    assert busy.headers["content-type"] == "application/problem+json"
    assert busy.json()["holder"]["id"] == run_id
    assert busy.json()["resource"] == "group:shop"
    assert service.show(run_id)["holds"] == ["group:shop", "site:north", "site:south"]
    assert service.begin("failback", check=True).status_code == 202, "a check changes nothing and waits for nobody"

    until("the slow task runs", lambda: marked(run_id))
    assert service.http.post(f"/api/v1/runs/{run_id}/cancel").status_code == 202
    run = service.wait(run_id)
    assert (run["status"], run["verdict"], run["holds"], run["error"]) == ("cancelled", "not_verified", [], None)
    assert run["steps"][-1]["status"] == "interrupted"
    assert marked(run_id) == []
    late = service.http.post(f"/api/v1/runs/{run_id}/cancel")
    assert (late.status_code, late.json()["run_status"]) == (409, "cancelled")


def test_a_plan_that_undid_itself_is_recorded_as_undone_and_a_check_has_no_verdict(service: RunningService) -> None:
    failed = service.begin("failback").json()["id"]
    checked = service.begin("validate", check=True).json()["id"]
    run = service.wait(failed)
    assert (run["status"], run["verdict"], run["error"]) == ("undone", "not_verified", "Undone.")
    assert run["rc"] != 0
    run = service.wait(checked)
    assert (run["status"], run["verdict"], run["check"]) == ("succeeded", "not_run", True)
