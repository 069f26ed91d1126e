# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From job events to steps: consecutive tasks of one role in one play are a step; pure."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from ..database.models import RunStep

# How a host's result counts: event of the runner -> counter of the step.
_COUNTED = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_skipped": "skipped",
    "runner_on_unreachable": "unreachable",
}
_TASK_STARTS = frozenset({"playbook_on_task_start", "playbook_on_handler_task_start"})


def advance(run_id: str, steps: list[RunStep], event: dict[str, Any]) -> list[RunStep]:
    """Take in one event: changes the steps in place, appends a begun one, and returns what was added."""
    at = datetime.fromisoformat(event["created"])
    current = steps[-1] if steps and steps[-1].ended_at is None else None
    if event["event"] in _TASK_STARTS:
        return _begin(run_id, steps, current, event, at)
    if event["event"] in ("playbook_on_play_start", "playbook_on_stats") and current is not None:
        _end(current, at)
    elif current is not None and event["event"] in _COUNTED:
        _count(current, event)
    return []


def _begin(
    run_id: str, steps: list[RunStep], current: RunStep | None, event: dict[str, Any], at: datetime
) -> list[RunStep]:
    play, name = event.get("play") or "", _step_name(event)
    if current is not None and (current.play, current.name) == (play, name):
        current.task = event.get("task")
        return []
    if current is not None:
        _end(current, at)
    step = RunStep(
        run_id=run_id,
        seq=len(steps) + 1,
        play=play[:255],
        name=name[:255],
        role=event.get("role"),
        status="running",
        task=event.get("task"),
        started_at=at,
        ok=0,
        changed=0,
        failed=0,
        skipped=0,
        unreachable=0,
    )
    steps.append(step)
    return [step]


def _step_name(event: dict[str, Any]) -> str:
    """The role's short name; its undo is a step of its own; a task outside of roles belongs to the play."""
    role = event.get("role")
    if not role:
        return event.get("play") or "play"
    short = str(role).rpartition(".")[2]
    tasks_file = PurePath(str((event.get("data") or {}).get("task_path", "")).rpartition(":")[0]).stem
    return f"undo {short}" if tasks_file == "undo" else short


def _count(step: RunStep, event: dict[str, Any]) -> None:
    data = event.get("data") or {}
    counter = _COUNTED[event["event"]]
    setattr(step, counter, getattr(step, counter) + 1)
    if (data.get("res") or {}).get("changed") is True:
        step.changed += 1
    if counter in ("failed", "unreachable") and not data.get("ignored"):
        step.status = "failed"


def _end(step: RunStep, at: datetime) -> None:
    step.ended_at = at
    if step.status == "running":
        step.status = "succeeded"
