# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan computes once from the inventory is of that plan alone, and of none that needs no backups."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FILES = {
    "kind": "filesystem",
    "engine": {"files": {"paths": ["/srv"]}},
    "hosts": {"here": "localhost"},
    "repositories": ["vault"],
}
GROUP: dict[str, Any] = {
    "recovery_databases": {},
    "recovery_files": {"papers": FILES},
    "recovery_repositories": {"vault": {"number": 1, "filesystem": {"path": "/srv/vault"}}},
    "recovery_sites": {"here": {}},
    "recovery_accept_no_journal": "a test",
}
TOLD = "{{ recovery_backup_targets | map(attribute='name') | join(' ') }}"


def play(plan: str, kind: str, *tasks: dict[str, Any]) -> dict[str, Any]:
    """The opening of a plan without its schema, and then tasks that see what it knows."""
    role = {"name": "gogidix.disaster_recovery.plan_input", "tasks_from": plan, "rolespec_validate": False}
    return {
        "hosts": "localhost",
        "gather_facts": False,
        "roles": ["gogidix.disaster_recovery.recovery"],
        "vars": {"recovery_plan": plan, "BACKUP_TYPE": kind},
        "tasks": [{"ansible.builtin.include_role": role}, *tasks],
    }


def run(directory: Path, plays: list[dict[str, Any]], given: dict[str, Any]) -> str:
    (directory / "plan.yml").write_text(yaml.safe_dump(plays))
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local"]
    ended = subprocess.run(
        [*argv, str(directory / "plan.yml"), "-e", json.dumps(given)],
        env={**os.environ, "ANSIBLE_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_of_two_plans_in_one_run_each_knows_what_it_was_asked_itself(tmp_path: Path) -> None:
    tell = {"ansible.builtin.debug": {"msg": f"TOLD {TOLD}."}}
    said = run(tmp_path, [play("backup", kind, tell) for kind in ("filesystem", "database")], GROUP)
    assert "TOLD papers." in said and "TOLD ." in said


def test_a_plan_that_needs_no_backups_asks_for_no_repositories(tmp_path: Path) -> None:
    given = {
        **GROUP,
        "recovery_target_site": "here",
        "recovery_checks": [{"name": "true", "command": {"argv": ["true"]}}],
    }
    run(tmp_path, [play("validate", "all")], {name: given[name] for name in given if name != "recovery_repositories"})
