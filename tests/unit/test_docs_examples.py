# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of an entry is one that the modules take, and every kind has one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import (
    FILE_KINDS,
    backup_targets,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.registry import check_list_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check_options import CHECK_OPTIONS
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES, engine_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    REPOSITORIES,
    open_repository,
    read_entry,
)

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = (ROOT / "docs" / "backup-inventory.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
EXAMPLES = [
    (f"{path.name} {number}", block)
    for path in sorted((ROOT / "docs").glob("*.md"))
    for number, block in enumerate(yaml.safe_load(text) for text in BLOCK.findall(path.read_text(encoding="utf-8")))
    if isinstance(block, dict)
]
INVENTORIES = [
    (str(path.relative_to(ROOT)), yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "inventories").glob("*/group_vars/**/*.yml"))
]
every_example = pytest.mark.parametrize(
    "said", [said for _name, said in EXAMPLES + INVENTORIES], ids=[name for name, _said in EXAMPLES + INVENTORIES]
)


def everything(variable: str) -> dict[str, Any]:
    """All entries of a variable in the documentation, by their names."""
    return {name: entry for _page, said in EXAMPLES for name, entry in (said.get(variable) or {}).items()}


def mistakes(spec: dict[str, Any], given: dict[str, Any]) -> list[str]:
    return list(ArgumentSpecValidator(spec).validate(given).error_messages)


def fields(chapter: str) -> set[str]:
    """The fields that the table of a chapter explains."""
    text = INVENTORY.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {name.partition(".")[0] for row in rows for name in re.findall(r"`([a-z0-9_.]+)`", row)}


@every_example
def test_a_repository_of_an_example_is_one_that_opens(said: dict[str, Any]) -> None:
    for name, entry in (said.get("recovery_repositories") or {}).items():
        assert open_repository(read_entry(name, entry)).NAME in REPOSITORIES
        assert set(entry) <= fields("A repository")


@every_example
def test_a_source_of_an_example_is_one_that_its_engine_takes(said: dict[str, Any]) -> None:
    databases, files = said.get("recovery_databases") or {}, said.get("recovery_files") or {}
    repositories = {**everything("recovery_repositories"), **(said.get("recovery_repositories") or {})}
    # A page may speak of a repository that only the inventory of the lab has.
    repositories.setdefault("archive", everything("recovery_repositories")["share"])
    targets = backup_targets(databases, repositories, (), files, "all")
    assert {target["name"] for target in targets} == {*databases, *files}
    for target in targets:
        assert not mistakes({"engine": engine_spec()["engine"]}, {"engine": target["engine"]})
        assert not mistakes({"checks": CHECK_OPTIONS}, {"checks": target["checks"] or []})


@every_example
def test_every_field_of_a_source_is_explained(said: dict[str, Any]) -> None:
    for chapter, variable in (("A database", "recovery_databases"), ("Files", "recovery_files")):
        for entry in (said.get(variable) or {}).values():
            assert set(entry) <= fields(chapter)
            assert not entry.get("health") or not mistakes({"checks": check_list_spec()}, {"checks": entry["health"]})


def test_every_kind_of_place_and_every_engine_has_an_example() -> None:
    kinds = {kind for entry in everything("recovery_repositories").values() for kind in entry if kind in REPOSITORIES}
    assert kinds == set(REPOSITORIES)
    sources = [*everything("recovery_databases").values(), *everything("recovery_files").values()]
    assert {engine for source in sources for engine in source["engine"]} == set(ENGINES)
    assert set(FILE_KINDS) <= set(re.findall(r"`([a-z_]+)`", INVENTORY))
