# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ERROR_CODE = re.compile(r"\bDR-[A-Z]+(?:-[A-Z]+)*\b(?!-)")
PLANS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
SCRIPTS = (ROOT / "docs" / "scripts-to-plans.md").read_text(encoding="utf-8")


def commands(page: Path) -> list[str]:
    """The shell commands of a page, each on one line."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line.removeprefix("$ ").strip() for line in joined.splitlines() if line.startswith("$ ")]


def error_codes() -> set[str]:
    sources = [
        path
        for folder in ("plugins", "roles", "playbooks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yml")
    ]
    return {code for path in sources for code in ERROR_CODE.findall(path.read_text(encoding="utf-8"))}


def test_every_error_code_is_explained() -> None:
    explained = set(re.findall(r"^\| `(DR-[A-Z-]+)`", TROUBLE, re.MULTILINE))
    assert error_codes() - explained == set()
    assert explained - error_codes() == set()


@pytest.mark.parametrize(("kind", "names"), [("module", MODULES), ("role", ROLES), ("plan", PLANS)])
def test_the_readme_lists_everything_of_the_collection(kind: str, names: list[str]) -> None:
    assert [f"{kind} {name}" for name in names if f"`{name}`" not in README] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
    local = [link for pair in links for link in pair if link and not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_plan_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"gogidix\.disaster_recovery\.([a-z_]+)", page.read_text(encoding="utf-8"))
    known = {*PLANS, *MODULES, *ROLES, "recovery_journal"}
    assert [name for name in named if name not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_given_in_a_command_is_one_that_its_plan_takes(page: Path) -> None:
    path = ROOT / "roles" / "plan_input" / "meta" / "argument_specs.yml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    extra = {"recovery_break_lease"}
    unknown = [
        (plan.group(1), variable)
        for command in commands(page)
        if (plan := re.search(r"gogidix\.disaster_recovery\.([a-z_]+)", command)) and plan.group(1) in entries
        for variable in re.findall(r"(recovery_[a-z_]+)[=:]", command)
        if variable not in entries[plan.group(1)]["options"] and variable not in extra
    ]
    assert not unknown


def test_every_script_has_its_place() -> None:
    rows = re.findall(r"^\| `([\w/-]+\.sh)[^|]*\| ([^|]+)\|", SCRIPTS, re.MULTILINE)
    assert len(rows) >= 20
    assert [script for script, where in rows if not where.strip()] == []
