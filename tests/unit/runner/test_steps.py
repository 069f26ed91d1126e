# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps are drawn from job events."""

from __future__ import annotations

from typing import Any

from gogidix_recovery_runner.database.models import RunStep
from gogidix_recovery_runner.execution.steps import advance


def events(*told: tuple[str, dict[str, Any]]) -> list[RunStep]:
    steps: list[RunStep] = []
    for number, (kind, fields) in enumerate(told):
        advance("run", steps, {"event": kind, "created": f"2026-01-01T00:00:{number:02d}+00:00", **fields})
    return steps


def task(role: str | None, name: str = "Act", path: str = "/r/tasks/main.yml:1") -> tuple[str, dict[str, Any]]:
    told = {"play": "Move", "role": role, "task": name, "data": {"task_path": path}}
    return "playbook_on_task_start", told


OK = ("runner_on_ok", {"data": {"res": {"changed": True}}})
FAILED = ("runner_on_failed", {"data": {"res": {"msg": "no"}}})


def test_tasks_of_one_role_are_one_step_and_its_undo_is_another() -> None:
    steps = events(task("c.d.fence"), OK, task("c.d.fence"), FAILED, task("c.d.fence", path="/r/tasks/undo.yml:3"), OK)
    assert [(step.name, step.status, step.ok, step.changed, step.failed) for step in steps] == [
        ("fence", "failed", 1, 1, 1),
        ("undo fence", "running", 1, 1, 0),
    ]


def test_tasks_outside_of_roles_belong_to_their_play_and_the_end_closes_the_last_step() -> None:
    steps = events(task(None), OK, ("playbook_on_stats", {}))
    assert [(step.name, step.status) for step in steps] == [("Move", "succeeded")]


def test_a_failure_that_the_plan_ignores_does_not_fail_the_step() -> None:
    steps = events(task("ask"), ("runner_on_unreachable", {"data": {"res": {}, "ignored": True}}))
    assert (steps[0].status, steps[0].unreachable) == ("running", 1)
