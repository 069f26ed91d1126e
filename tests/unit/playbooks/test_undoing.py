# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of each plan that undoes, with steps that stand in for the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.repository_reading import ROOT, Task, action_of, plans, tasks_of_play

HOSTS = """
localhost ansible_connection=local
[participants]
here ansible_connection=local
there ansible_connection=local
elsewhere ansible_connection=local
[all:vars]
ansible_python_interpreter={python}
"""
UNDO = """
- name: Undo it
  ansible.builtin.assert:
    that: inventory_hostname != 'there' or recovery_step != 'second'
- name: Say so
  ansible.builtin.debug:
    msg: "{{ recovery_step }} undone on {{ inventory_hostname }}"
"""


def undoing() -> dict[str, list[Task]]:
    """Of each plan that undoes, its tasks from the first undo to the end of that list."""
    found: dict[str, list[Task]] = {}
    for plan, plays in plans().items():
        for play in plays:
            lists = [play.get("tasks") or [], *(task.get("rescue") or [] for task in tasks_of_play(play))]
            for tasks in lists:
                names = [str(action_of(task, "include_tasks")) for task in tasks]
                if "tasks/undo_step.yml" in names:
                    found[plan] = tasks[names.index("tasks/undo_step.yml") :]
    return found


def plan_of(tasks: list[Task]) -> list[dict[str, Any]]:
    """A step fails on one host, and afterwards the undo of another step on another host."""
    steps = ["first", "second", "third"]
    remembered = {"recovery_not_undone": [], "recovery_target_writes": False}
    fails = {"name": "Fail", "ansible.builtin.assert": {"that": "inventory_hostname != 'here'"}}
    return [
        {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.set_fact": remembered}]},
        {
            "hosts": "participants",
            "gather_facts": False,
            "any_errors_fatal": True,
            "vars": {
                "recovery_begun_steps": steps,
                "recovery_undone_run": {"begun_steps": steps},
                "recovery_target_writes": False,
                "recovery_restore_files": "",
            },
            "tasks": [{"block": [fails], "rescue": tasks}],
        },
        {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [
                {
                    "ansible.builtin.debug": {
                        "msg": "{{ inventory_hostname }} ends {{ hostvars.localhost.recovery_status }}, "
                        "left is {{ hostvars.localhost.recovery_not_undone | join(' ') }}"
                    }
                }
            ],
        },
    ]


def play(directory: Path, plan: list[dict[str, Any]], undos: dict[str, str]) -> str:
    """What Ansible says of a plan, with a collection that knows the undo of each step and nothing else."""
    collection = directory / "collections" / "ansible_collections" / "gogidix" / "disaster_recovery"
    for step, undo in undos.items():
        (collection / "roles" / step / "tasks").mkdir(parents=True)
        (collection / "roles" / step / "tasks" / "undo.yml").write_text(undo, encoding="utf-8")
    shutil.copytree(ROOT / "playbooks" / "tasks", directory / "tasks")
    (directory / "plan.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    (directory / "hosts").write_text(HOSTS.format(python=sys.executable), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "RECOVERY_"))}
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts", "plan.yml"],
        cwd=directory,
        env={**kept, "ANSIBLE_COLLECTIONS_PATH": str(directory / "collections"), "ANSIBLE_HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return finished.stdout + finished.stderr


@pytest.mark.parametrize("plan", [plan for plan in undoing() if plan != "restore"])
def test_an_undo_that_fails_on_another_host_than_the_step_is_told(tmp_path: Path, plan: str) -> None:
    said = play(tmp_path, plan_of(undoing()[plan]), dict.fromkeys(("first", "second", "third", "restore"), UNDO))
    hosts = ["localhost", "here", "there", "elsewhere"]
    assert [host for host in hosts if f"{host} ends parked, left is second" not in said] == [], said
    assert "third undone on there" in said and "first undone on there" in said


@pytest.mark.parametrize("is_taken_back", [True, False])
def test_a_site_stays_fenced_when_what_was_restored_elsewhere_could_not_be_taken_back(
    tmp_path: Path, is_taken_back: bool
) -> None:
    [plan] = [each for each in plan_of(undoing()["restore_system"]) if "vars" in each]
    plan["vars"] |= {"recovery_begun_steps": ["fence", "restore_system"], "fence_answers": {"changed": True}}
    plan["vars"] |= {
        "recovery_accept_split_brain": "",
        "fence_orders": [{"name": "power", "place": "here", "user": None}],
    }
    undo = yaml.safe_load((ROOT / "roles/fence/tasks/undo.yml").read_text(encoding="utf-8"))
    for task in undo:
        del task["gogidix.disaster_recovery.fence"]
        task["ansible.builtin.debug"] = {"msg": "the site may come back"}
    restored = [{"ansible.builtin.assert": {"that": is_taken_back}}]
    said = play(tmp_path, [plan], {"fence": yaml.safe_dump(undo), "restore_system": yaml.safe_dump(restored)})
    assert ("the site may come back" in said) is is_taken_back, said


def test_every_play_that_undoes_lets_its_hosts_take_part_in_what_follows() -> None:
    """Otherwise Ansible ends there once each host has failed: without a report, and as if all were well."""
    silent = [plan for plan, tasks in undoing().items() if action_of(tasks[-1], "meta") != "clear_host_errors"]
    assert silent == []
    assert set(undoing()) >= {"failover", "restore", "restore_system", "undo"}
