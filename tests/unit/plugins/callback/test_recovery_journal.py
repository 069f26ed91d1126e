# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.folding import fold
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import read_lines

REPOSITORY = Path(__file__).parents[4]
PLAN = """
- name: Who answers
  hosts: all
  gather_facts: false
  tasks:
    - name: Ask
      ansible.builtin.ping:
      ignore_unreachable: true
    - name: Remember
      ansible.builtin.set_fact:
        recovery_run: {plan: failover, mode: planned, api_token: canary-1}
        innocent: canary-2
        seen: "{{ lookup('ansible.builtin.env', 'RECOVERY_JOURNAL') }}"
      run_once: true
      delegate_to: localhost
      delegate_facts: true
- name: Move
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Move it
      block:
        - name: Fence
          ansible.builtin.import_role:
            name: fence
      rescue:
        - name: Undo
          ansible.builtin.include_role:
            name: fence
            tasks_from: undo
    - name: Count
      ansible.builtin.set_stats:
        data: {moved: 1}
    - name: What the environment says
      ansible.builtin.assert:
        that:
          - seen == lookup('ansible.builtin.env', 'RECOVERY_JOURNAL')
          - (lookup('ansible.builtin.env', 'RECOVERY_CONTROLLER') | from_json).pid > 1
          - lookup('ansible.builtin.env', 'RECOVERY_STARTED_AT') | float > 1
"""
FENCE = """
- name: Cut each off
  ansible.builtin.command: "echo {{ item }}"
  loop: [a, b]
  changed_when: true
- name: Hide
  ansible.builtin.command: echo canary-3
  no_log: true
  changed_when: false
- name: Break
  ansible.builtin.fail:
    msg: "refused, password=canary-4"
"""
UNDO = """
- name: Open each again
  ansible.builtin.debug:
    msg: canary-5
"""
HOSTS = """
localhost ansible_connection=local ansible_python_interpreter={python}
silent ansible_host=127.0.0.1 ansible_port=1
"""


def run_plan(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    tasks = tmp_path / "roles" / "fence" / "tasks"
    tasks.mkdir(parents=True, exist_ok=True)
    (tasks / "main.yml").write_text(FENCE, encoding="utf-8")
    (tasks / "undo.yml").write_text(UNDO, encoding="utf-8")
    (tmp_path / "failover.yml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "hosts").write_text(HOSTS.format(python=sys.executable), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "RECOVERY_"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts", "failover.yml"],
        cwd=tmp_path,
        env={
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".ansible" / "collections"),
            "ANSIBLE_CALLBACKS_ENABLED": "gogidix.disaster_recovery.recovery_journal",
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "temporary"),
            "RECOVERY_JOURNAL_DIRECTORY": str(tmp_path / "journal"),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The journal of a plan with a silent host, a failing step and its undo."""
    directory = tmp_path_factory.mktemp("plan")
    finished = run_plan(directory, RECOVERY_RUN_ID="run-7")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return (directory / "journal" / "run-7.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def lines(written: str) -> list[dict[str, Any]]:
    read, unreadable = read_lines(written)
    assert unreadable == 0
    return read


def test_a_real_plan_folds_into_its_steps_and_its_undo(lines: list[dict[str, Any]]) -> None:
    run = fold(lines)
    told = [(step.name, step.entry, step.outcome, step.is_undone) for step in run.steps]
    assert told == [
        ("Who answers", None, "ok", False),
        ("fence", "main", "failed", True),
        ("fence", "undo", "ok", False),
    ]
    assert run.declared["mode"] == "planned" and run.end == "ok" and run.status == "undone"


def test_every_line_says_where_and_when_in_one_order(lines: list[dict[str, Any]]) -> None:
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert [line["monotonic"] for line in lines] == sorted(line["monotonic"] for line in lines)
    assert {line["run_id"] for line in lines} == {"run-7"} and {line["plan"] for line in lines} == {"failover"}
    assert (lines[0]["event"], lines[-1]["event"]) == ("run", "end")
    assert lines[0]["controller"]["boot_id"]


def test_no_secret_and_no_invocation_reaches_the_journal(written: str) -> None:
    assert "canary" not in written and "invocation" not in written


def test_a_host_that_may_be_silent_is_marked_so(lines: list[dict[str, Any]]) -> None:
    (silent,) = [line for line in lines if line["outcome"] == "unreachable"]
    assert silent["host"] == "silent" and silent["ignored"] is True


def test_a_loop_is_one_line_with_its_counts(lines: list[dict[str, Any]]) -> None:
    (loop,) = [line for line in lines if "items" in line]
    assert loop["items"] == {"count": 2, "changed": 2, "failed": 0, "skipped": 0}


def test_statistics_are_kept(lines: list[dict[str, Any]]) -> None:
    assert [line["stats"] for line in lines if "stats" in line] == [{"moved": 1}]


def test_a_journal_that_cannot_begin_is_a_warning_and_leaves_no_trace_in_the_environment(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    finished = run_plan(tmp_path, RECOVERY_JOURNAL_DIRECTORY=str(blocked / "below"))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Could not write the recovery journal" in finished.stderr


def test_a_full_disk_is_one_warning_and_not_the_end_of_the_run(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    directory.mkdir()
    (directory / "full.jsonl").symlink_to("/dev/full")
    finished = run_plan(tmp_path, RECOVERY_RUN_ID="full")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert " ".join(finished.stderr.split()).count("Could not write the recovery journal") == 1


def test_a_run_id_that_cannot_name_a_file_is_replaced(tmp_path: Path) -> None:
    finished = run_plan(tmp_path, RECOVERY_RUN_ID="../escape")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert [path.suffix for path in (tmp_path / "journal").iterdir()] == [".jsonl"]
    assert not list(tmp_path.glob("escape*"))
