# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of docs/architecture.md for code and files. What a test finds, it lists; the list must be empty."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from tests.repository_reading import (
    ROOT,
    data_of,
    families,
    files,
    files_under,
    member_names,
    members,
    name_of,
    python_of,
    text_of,
)

COLLECTION = ("plugins", "roles", "playbooks")
MOST_LINES = 300


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
