# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the repository as data: its files, plays, tasks, roles and Python trees."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("block", "rescue", "always")
PLAY_SECTIONS = ("pre_tasks", "tasks", "post_tasks", "handlers")

Task = dict[str, Any]
Play = dict[str, Any]


class _AnyTag(yaml.SafeLoader):
    """Reads YAML that carries Ansible's own tags."""


_AnyTag.add_multi_constructor("!", lambda loader, suffix, node: str(node.value))


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, also one that is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file())


def files_under(*folders: str, suffix: str = "") -> list[Path]:
    """The files in these folders of the repository whose name ends so."""
    return [path for path in files() if path.relative_to(ROOT).parts[0] in folders and path.name.endswith(suffix)]


def name_of(path: Path) -> str:
    """The path as a reader of a failed test wants to see it."""
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """The text of a file; what is not text is empty."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def data_of(path: Path) -> Any:
    """The content of a YAML file."""
    return yaml.load(text_of(path), Loader=_AnyTag)


def python_of(path: Path) -> ast.Module:
    """The tree of a Python file."""
    return ast.parse(text_of(path), filename=name_of(path))


def plans() -> dict[str, list[Play]]:
    """Every plan with its plays; ``import_playbook`` entries among them."""
    return {path.stem: data_of(path) for path in sorted((ROOT / "playbooks").glob("*.yml"))}


def roles() -> list[Path]:
    """The folders of the roles."""
    return sorted({ROOT / "roles" / path.relative_to(ROOT).parts[1] for path in files_under("roles")})


def flat(tasks: list[Task] | None) -> Iterator[Task]:
    """Every task, blocks before what stands in them."""
    for task in tasks or []:
        yield task
        for section in SECTIONS:
            yield from flat(task.get(section))


def tasks_of_play(play: Play) -> Iterator[Task]:
    """Every task of a play."""
    for section in PLAY_SECTIONS:
        yield from flat(play.get(section))


def tasks_of_role(role: Path) -> Iterator[tuple[str, Task]]:
    """Every task and handler of a role, with the file it stands in."""
    for path in files_under("roles", suffix=".yml"):
        if path.parent in (role / "tasks", role / "handlers"):
            for task in flat(data_of(path)):
                yield name_of(path), task


def all_tasks() -> Iterator[tuple[str, Task]]:
    """Every task that the collection brings, with the file it stands in."""
    for plan, plays in plans().items():
        for play in plays:
            for task in tasks_of_play(play):
                yield f"playbooks/{plan}.yml", task
    for path in sorted((ROOT / "playbooks" / "tasks").glob("*.yml")):
        for task in flat(data_of(path)):
            yield name_of(path), task
    for role in roles():
        yield from tasks_of_role(role)


def action_of(task: Task, *names: str) -> Any:
    """The arguments of the task when it runs one of these builtin actions, else None."""
    for name in names:
        for spelling in (name, f"ansible.builtin.{name}"):
            if spelling in task:
                return task[spelling]
    return None


def families() -> dict[str, Path]:
    """The families of engines and providers: the folders of module_utils that have a registry."""
    folder = ROOT / "plugins" / "module_utils"
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/registry.py"))}


def members(family: Path) -> list[Path]:
    """The files that each are one engine or provider of the family."""
    return [path for path in sorted(family.glob("[a-z]*.py")) if path.stem not in ("base", "registry")]


def member_names() -> dict[str, str]:
    """Every engine's and provider's name in options, with its family."""
    names = {}
    for family, folder in families().items():
        for path in members(folder):
            for node in ast.walk(python_of(path)):
                if (
                    isinstance(node, ast.Assign | ast.AnnAssign)
                    and "NAME" in re.findall(r"^\w+", ast.unparse(node))
                    and isinstance(node.value, ast.Constant)
                    and isinstance(node.value.value, str)
                ):
                    names[node.value.value] = family
    return names
