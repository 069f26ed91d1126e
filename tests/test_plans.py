# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of docs/architecture.md for plans and roles. What a test finds, it lists; the list must be empty."""

from __future__ import annotations

import re

from tests.repository_reading import (
    ROOT,
    Play,
    Task,
    action_of,
    all_tasks,
    data_of,
    flat,
    name_of,
    plans,
    roles,
    tasks_of_play,
    tasks_of_role,
)

BACKUP = "gogidix.disaster_recovery.backup"
BEST_EFFORT_PLAYS = ("Who answers", "Re-protect")


def import_of(task: Task) -> str:
    """The role that the task imports, without its namespace."""
    arguments = action_of(task, "import_role") or {}
    return str(arguments.get("name", "")).rpartition(".")[2]


def blocks_that_must_hold() -> list[tuple[str, Play, list[Task]]]:
    """The blocks of the plays in which one failure anywhere must send everybody to the rescue."""
    return [
        (plan, play, task["block"])
        for plan, plays in plans().items()
        for play in plays
        if play.get("any_errors_fatal")
        for task in tasks_of_play(play)
        if "block" in task and "rescue" in task
    ]


# Plans


def test_every_plan_can_be_started_by_its_full_name() -> None:
    assert [plan for plan in plans() if not re.fullmatch(r"[a-z][a-z_]*", plan)] == []


def test_every_plan_begins_by_checking_what_is_asked() -> None:
    entries = data_of(ROOT / "roles" / "plan_input" / "meta" / "argument_specs.yml")["argument_specs"]
    unchecked = []
    for plan, plays in plans().items():
        first = plays[0]
        if "import_playbook" in first or "ansible.builtin.import_playbook" in first:
            continue
        entry = [action_of(task, "import_role") for task in tasks_of_play(first) if import_of(task) == "plan_input"]
        if not entry or entry[0].get("tasks_from") not in entries:
            unchecked.append(plan)
    assert not unchecked


def test_names_of_plays_are_static() -> None:
    moving = [(plan, play) for plan, plays in plans().items() for play in plays if "{{" in play.get("name", "{{")]
    assert not moving


def test_a_plan_that_moves_has_the_four_plays_in_order() -> None:
    shape = ["Who answers", "Move", "Arrive", "Re-protect", "Report and end"]
    names = {plan: [play.get("name") for play in plays] for plan, plays in plans().items()}
    wrong = {
        plan: found
        for plan, found in names.items()
        if "Move" in found and [name for name in found if name in shape] != shape
    }
    assert not wrong


def test_inside_a_block_that_must_hold_nothing_is_included() -> None:
    including = [
        (plan, task.get("name"))
        for plan, _play, block in blocks_that_must_hold()
        for task in flat(block)
        if action_of(task, "include_role", "include_tasks", "include_vars") is not None
    ]
    assert not including


def test_every_step_of_a_move_is_marked_as_begun_before_it_begins() -> None:
    """A step that can be undone and is not marked would be forgotten by the undo."""
    unmarked = []
    for plan, play, block in blocks_that_must_hold():
        begun = ""
        for task in block if play["name"] == "Move" else []:
            marked = action_of(task, "set_fact") or {}
            if "recovery_begun_steps" in marked and task.get("run_once"):
                begun += str(marked["recovery_begun_steps"])
            role = import_of(task)
            has_undo = (ROOT / "roles" / role / "tasks" / "undo.yml").exists()
            if role and has_undo and "tasks_from" not in action_of(task, "import_role") and f"'{role}'" not in begun:
                unmarked.append((plan, role))
    assert not unmarked


def test_every_step_that_is_marked_as_begun_has_an_undo() -> None:
    marked = {
        step
        for _file, task in all_tasks()
        for step in re.findall(r"'(\w+)'", str((action_of(task, "set_fact") or {}).get("recovery_begun_steps", "")))
    }
    assert [step for step in sorted(marked) if not (ROOT / "roles" / step / "tasks" / "undo.yml").exists()] == []


def test_steps_do_not_rescue_themselves() -> None:
    steps = {import_of(task) for _plan, _play, block in blocks_that_must_hold() for task in flat(block)} - {""}
    rescuing = [
        (file, task.get("name"))
        for role in roles()
        if role.name in steps
        for file, task in tasks_of_role(role)
        if "rescue" in task
    ]
    assert not rescuing


def test_best_effort_is_only_for_who_answers_re_protect_and_the_report() -> None:
    wrong = [
        (plan, play.get("name"))
        for plan, plays in plans().items()
        for play in plays
        if play.get("ignore_unreachable")
        and (not play["name"].startswith(BEST_EFFORT_PLAYS) or play.get("any_errors_fatal") is not False)
    ]
    assert not wrong
    tasks = [(file, task.get("name")) for file, task in all_tasks() if "ignore_unreachable" in task]
    assert [(file, name) for file, name in tasks if not file.startswith("roles/report/")] == []


def test_no_task_looks_away_waits_blindly_or_asks_a_person() -> None:
    wrong = [
        (file, task.get("name"))
        for file, task in all_tasks()
        if "ignore_errors" in task
        or task.get("failed_when") is False
        or action_of(task, "pause") is not None
        or re.search(r"\bsleep\s+[\d{]", str(action_of(task, "shell", "command", "raw") or ""))
    ]
    assert not wrong
    assert [plan for plan, plays in plans().items() for play in plays if "vars_prompt" in play] == []


def test_no_task_hides_its_evidence() -> None:
    """Secrets are hidden by the module's own options; no_log on a task hides what an operator needs as well."""
    assert [(file, task.get("name")) for file, task in all_tasks() if task.get("no_log")] == []


# Roles


def test_every_role_is_described() -> None:
    missing = [
        name_of(role / file)
        for role in roles()
        for file in ("README.md", "meta/main.yml", "meta/argument_specs.yml")
        if not (role / file).is_file()
    ]
    assert not missing


def test_every_default_of_a_role_carries_the_name_of_its_role() -> None:
    stray = [
        f"{role.name}: {variable}"
        for role in roles()
        if (role / "defaults" / "main.yml").is_file()
        for variable in data_of(role / "defaults" / "main.yml") or {}
        if not variable.startswith((f"{role.name}_", f"__{role.name}_"))
    ]
    assert not stray


def test_a_restore_reaches_its_repositories_and_begins_none() -> None:
    """A repository that was emptied would come into being anew, and nobody would see that it was lost."""
    beginning = [
        (file, task.get("name"))
        for file, task in all_tasks()
        if file.startswith("roles/restore")
        and import_of(task) == "repository_settings"
        and (action_of(task, "import_role") or {}).get("tasks_from") != "reach"
    ]
    assert not beginning
    reach = data_of(ROOT / "roles" / "repository_settings" / "tasks" / "reach.yml")
    assert [task["name"] for task in reach if "gogidix.disaster_recovery.backup_repository" in task] == []


def test_a_restore_ships_no_log_into_the_copy_that_it_reads() -> None:
    shipping = [
        (file, task["name"], str(task.get("when")))
        for file, task in all_tasks()
        if file.startswith("roles/restore/") and (action_of(task, BACKUP) or {}).get("strategy") == "transaction_log"
    ]
    assert shipping
    assert [each for each in shipping if "recovery_restored.repository.copy_of is not defined" not in each[2]] == []


def test_a_restore_says_what_it_will_do_before_it_stops_or_restores_anything() -> None:
    """Also in check mode, for whoever looks first: a task that only tells is played there as well."""
    silent = []
    for file, tasks in restoring().items():
        told = next(
            (n for n, task in enumerate(tasks) if "restore_preview" in str(action_of(task, "debug"))), len(tasks)
        )
        acting = [task["name"] for task in tasks[:told] if "Stop" in task["name"] or is_restore(task)]
        silent += [(file, name) for name in acting]
    assert not silent


def restoring() -> dict[str, list[Task]]:
    """The task files that restore something, apart from those that put back what was there before."""
    found: dict[str, list[Task]] = {}
    for role in roles():
        for file, task in tasks_of_role(role) if role.name in ("restore", "restore_files") else []:
            found.setdefault(file, []).append(task)
    putting_back = ("/former.yml", "/undo.yml")
    return {
        file: tasks for file, tasks in found.items() if any(map(is_restore, tasks)) and not file.endswith(putting_back)
    }


def is_restore(task: Task) -> bool:
    return "gogidix.disaster_recovery.restore" in task and not task.get("check_mode")
