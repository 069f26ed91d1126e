# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lease between real ansible-playbook processes: who holds the group, and when it may be taken away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.fence.fence_lab import Ended, FenceLab, Task
from tests.integration.servers.process import wait_until

FILE = "/var/lib/recovery/lease/storefront.lease"
HOST = "dub-db1"


def lease(**options: Any) -> Task:
    return {
        "name": "Hold or let go",
        "gogidix.disaster_recovery.lease": {
            "group": "storefront",
            "run_id": "{{ recovery_run_id }}",
            **options,
        },
        "become": True,
        "become_user": "postgres",
        "register": "answer",
    }


@dataclass(frozen=True)
class Group:
    """The group's lease on one database host, and runs that want it."""

    lab: FenceLab
    place: Path

    def ask(self, run: str, *, check: bool = False, **options: Any) -> Ended:
        """A run that asks and ends."""
        asked = {"recovery_run_id": run}
        return self.lab.play(self.place, [lease(**options)], hosts=HOST, asked=asked, check=check)

    @property
    def go(self) -> Path:
        return self.place / "go"

    def begin(self, run: str) -> subprocess.Popen[str]:
        """A run that goes on, once it holds the group, until it is let go."""
        waiting = {
            "name": "Work",
            "ansible.builtin.wait_for": {"path": str(self.go), "timeout": 60},
            "delegate_to": "localhost",
        }
        return self.lab.begin(self.place / f"{run}.yml", [lease(), waiting], hosts=HOST, asked={"recovery_run_id": run})

    @contextmanager
    def held_by(self, run: str) -> Iterator[subprocess.Popen[str]]:
        process = self.begin(run)
        wait_until(f"{run} holds the group", lambda: self.holder() == run, seconds=30)
        yield process
        self.go.touch()
        process.communicate(timeout=60)

    def holder(self) -> str:
        text = self.text()
        return str(json.loads(text)["run_id"]) if text else ""

    def text(self) -> str:
        return self.lab.call("run", HOST, "cat", FILE).stdout


@pytest.fixture
def group(lab: FenceLab, tmp_path: Path) -> Group:
    return Group(lab, tmp_path)


def assert_refused(ended: Ended, holder: str) -> None:
    assert ended.code != 0
    assert "DR-LOCK" in ended.words, ended.text
    assert f"held by the run {holder}" in ended.words
    assert "break_reason" in ended.words


def test_of_two_runs_at_once_exactly_one_gets_the_group(group: Group) -> None:
    both = {run: group.begin(run) for run in ("run1", "run2")}
    wait_until("one of them is refused", lambda: ended(both) != [], seconds=40)
    [loser] = ended(both)
    [winner] = set(both) - {loser}
    said, _none = both[loser].communicate()
    assert "DR-LOCK" in said
    assert group.holder() == winner
    group.go.touch()
    both[winner].communicate(timeout=60)
    assert both[winner].returncode == 0


def ended(runs: dict[str, subprocess.Popen[str]]) -> list[str]:
    return [run for run, process in runs.items() if process.poll() is not None]


def test_the_lease_of_a_killed_run_is_taken_over_with_the_proof_that_it_is_dead(group: Group) -> None:
    with group.held_by("run1") as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        taken = group.ask("run2")
        assert taken.code == 0, taken.text
        broken = taken.kept["recovery"]["broken"]
        assert (broken["run_id"], broken["pid"]) == ("run1", holder.pid)
        assert broken["proof"].startswith(f"the process {holder.pid} on ")
        assert broken["proof"].endswith(" is gone")
        assert group.holder() == "run2"


def test_the_lease_of_a_live_run_is_taken_only_with_a_reason_which_is_reported(group: Group) -> None:
    with group.held_by("run1") as holder:
        before = group.text()
        assert_refused(group.ask("run2"), "run1")
        assert_refused(group.ask("run2", check=True), "run1")
        assert group.text() == before

        rehearsed = group.ask("run2", check=True, break_reason="the controller burned down")
        assert rehearsed.kept["changed"] is True
        assert group.text() == before

        taken = group.ask("run2", break_reason="the controller burned down")
        assert taken.code == 0, taken.text
        assert taken.kept["recovery"]["broken"]["run_id"] == "run1"
        assert taken.kept["recovery"]["broken"]["proof"] == "accepted: the controller burned down"
        assert group.holder() == "run2"
        assert holder.poll() is None


def test_a_run_lets_go_only_of_its_own_lease(group: Group) -> None:
    with group.held_by("run1"):
        before = group.text()
        other = group.ask("run2", state="absent")
        assert (other.code, other.kept["changed"]) == (0, False)
        assert group.text() == before

    own = group.ask("run1", state="absent")
    assert (own.code, own.kept["changed"]) == (0, True)
    assert group.text() == ""
    again = group.ask("run1", state="absent")
    assert (again.code, again.kept["changed"]) == (0, False)


def test_asking_again_changes_nothing_and_a_check_run_takes_nothing(group: Group) -> None:
    rehearsed = group.ask("run1", check=True)
    assert (rehearsed.kept["changed"], group.text()) == (True, "")

    taken = group.ask("run1")
    assert taken.kept["changed"] is True
    before = group.text()
    again = group.ask("run1")
    assert (again.kept["changed"], again.kept["lease"]["run_id"]) == (False, "run1")
    assert group.text() == before


IN_A_NAMESPACE = """
import multiprocessing, os
from ansible_collections.gogidix.disaster_recovery.plugins.action.lease import this_process

play = os.readlink("/proc/self")
worker = multiprocessing.get_context("fork").Process(target=lambda: print(play, this_process()["pid"], flush=True))
worker.start()
worker.join()
"""


def test_a_play_in_a_namespace_of_processes_is_named_as_others_see_it() -> None:
    """The service runs plans so: with process ids of their own, and the machine's /proc."""
    argv = ["unshare", "--pid", "--fork", sys.executable, "-c", IN_A_NAMESPACE]
    finished = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    play, named = finished.stdout.split() or ["nobody", finished.stderr]
    assert play == named
