# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of docs/architecture.md that a program can see. What a test finds, it lists; the list must be empty."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from tests.repository_reading import (
    ROOT,
    Play,
    Task,
    action_of,
    all_tasks,
    data_of,
    families,
    files,
    files_under,
    flat,
    member_names,
    members,
    name_of,
    plans,
    python_of,
    roles,
    tasks_of_play,
    tasks_of_role,
    text_of,
)

COLLECTION = ("plugins", "roles", "playbooks")
MOST_LINES = 350
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


# Modules and what they stand on


def test_every_module_is_in_the_action_group() -> None:
    listed = data_of(ROOT / "meta" / "runtime.yml")["action_groups"]["disaster_recovery"]
    modules = [path.stem for path in files_under("plugins", suffix=".py") if path.parent.name == "modules"]
    assert listed == sorted(modules)


def test_every_engine_and_provider_is_in_the_registry_of_its_family() -> None:
    forgotten = [
        name_of(path)
        for family in families().values()
        for path in members(family)
        if f".{family.name}.{path.stem} import" not in text_of(family / "registry.py")
    ]
    assert not forgotten


def test_no_code_compares_with_the_name_of_an_engine_or_provider_of_another_family() -> None:
    names = member_names()
    found = [
        f"{name_of(path)}:{node.lineno} compares with {constant.value}"
        for path in files_under("plugins", suffix=".py")
        for node in ast.walk(python_of(path))
        if isinstance(node, ast.Compare)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
        and isinstance(constant.value, str)
        and names.get(constant.value, path.parent.name) != path.parent.name
    ]
    assert not found


def test_no_role_or_playbook_compares_with_the_name_of_an_engine_or_provider() -> None:
    comparison = re.compile(rf"(==|!=|\bin)\s*\[?['\"]({'|'.join(member_names()) or '-'})['\"]")
    found = [name_of(path) for path in files_under("roles", "playbooks") if comparison.search(text_of(path))]
    assert not found


def test_only_modules_and_their_one_flow_know_ansible_module() -> None:
    knowing = {
        name_of(path)
        for path in files_under("plugins", suffix=".py")
        if path.parent.name != "modules"
        for node in ast.walk(python_of(path))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "AnsibleModule" for alias in node.names)
    }
    assert knowing <= {"plugins/module_utils/_module.py"}


def test_check_mode_is_asked_in_one_place() -> None:
    asking = {
        name_of(path)
        for path in files_under("plugins", suffix=".py")
        for node in ast.walk(python_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr == "check_mode"
        and ast.unparse(node.value).rpartition(".")[2] == "module"
    }
    assert asking <= {"plugins/module_utils/_module.py"}


def test_what_is_private_says_so() -> None:
    silent = [
        name_of(path)
        for path in files_under("plugins", suffix=".py")
        if path.parts[len(ROOT.parts) + 1] in ("module_utils", "doc_fragments")
        and path.name != "__init__.py"
        and "Private to this collection" not in text_of(path)
    ]
    assert not silent


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


# The repository as a whole


def test_the_collection_reaches_for_nothing_outside_itself() -> None:
    outside = re.compile(
        r"(?<![\w/.-])(\.\./)*(runner|molecule|inventories|tests|deploy|extensions)/|gogidix_recovery_runner"
    )
    reaching = [
        f"{name_of(path)}: {found.group()}"
        for path in files_under(*COLLECTION)
        if (found := outside.search(text_of(path)))
    ]
    assert not reaching


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        name_of(path): lines
        for path in files()
        if path.suffix in (".py", ".yml", ".yaml", ".sh", ".html", ".js", ".css", ".j2")
        and "static" not in path.parts
        and name_of(path) != "changelogs/changelog.yaml"
        and (lines := len(text_of(path).splitlines())) > MOST_LINES
    }
    assert not long


def test_every_file_is_named_after_what_it_does() -> None:
    empty = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)$")
    assert [name_of(path) for path in files_under(*COLLECTION, "runner", "molecule") if empty.search(path.stem)] == []


def test_no_checker_is_told_to_look_away() -> None:
    marks = ["no" + "qa", "type" + ": ignore", "pragma" + ": no cover", "no" + "sec", "pylint" + ": disable"]
    marks += ["skip" + "_list", "warn" + "_list", "yamllint" + " disable", "shellcheck" + " disable"]
    looking_away = [
        f"{name_of(path)}: {mark}"
        for path in files()
        if path.suffix in (".py", ".yml", ".yaml", ".sh", ".toml", "") or path.name.startswith(".")
        for mark in marks
        if re.search(rf"(#.*\b{re.escape(mark)}\b|^{re.escape(mark)}:)", text_of(path), re.MULTILINE)
    ]
    assert not looking_away
    assert list((ROOT / "tests").glob("sanity/ignore*")) == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    machine = re.compile(
        rf"(?<!\w)({re.escape(str(ROOT))}|{re.escape(str(Path.home()))}/\.|file:///(?!run/)\w+)(?!\w)"
        r"|--(extra-)?index-url|--find-links|--trusted-host"
    )
    knowing = [
        f"{name_of(path)}: {found.group()}"
        for path in files()
        if name_of(path) != name_of(Path(__file__)) and (found := machine.search(text_of(path)))
    ]
    assert not knowing


def test_every_package_is_pinned_with_a_hash() -> None:
    unpinned = [
        f"{name_of(path)}: {line}"
        for path in sorted(ROOT.glob("requirements*.txt"))
        for line in text_of(path).replace("\\\n", "").splitlines()
        if line
        and not line.lstrip().startswith("#")
        and not re.match(r"\S+==\S+( .*)? --hash=sha256:[0-9a-f]{64}", line)
    ]
    assert not unpinned


def test_what_the_service_depends_on_is_installed_by_the_set_up() -> None:
    project = tomllib.loads(text_of(ROOT / "runner" / "pyproject.toml"))["project"]
    wanted = {re.split(r"[^\w.-]", entry)[0].lower().replace("_", "-") for entry in project["dependencies"]}
    pinned = {line.split("==")[0].lower() for line in text_of(ROOT / "requirements.txt").splitlines() if "==" in line}
    assert wanted <= pinned
