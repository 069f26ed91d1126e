# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of each plan that asks who answers, on hosts whose clock may be wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.repository_reading import ROOT, plans

HOSTS = """
localhost ansible_connection=local
here ansible_connection=local
[all:vars]
ansible_python_interpreter={python}
"""
# A clock that is an hour late, for whoever asks by this name.
LATE = '#!/bin/sh\nexec /bin/date -d "1 hour ago" "$@"\n'
GIVEN = {
    "recovery_plan_facts": {"recovery_run": {"mode": ""}},
    "recovery_run": {"mode": ""},
    "recovery_needed": [],
    "recovery_asked": "here",
    "recovery_part": "recovery_participants",
    "recovery_witness_hosts": [],
    "recovery_left_site": "",
    "recovery_source_site": "",
    "recovery_target_site": "",
    "recovery_databases": {},
}


def run(directory: Path, *, is_late: bool, **given: object) -> subprocess.CompletedProcess[str]:
    """Ask who answers, and then do something on whoever takes part."""
    (directory / "date").write_text(LATE)
    (directory / "date").chmod(0o755)
    (directory / "hosts").write_text(HOSTS.format(python=sys.executable))
    work = {
        "hosts": "recovery_participants",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.debug": {"msg": "WORK"}}],
    }
    parts = [{"import_playbook": str(ROOT / "playbooks/parts" / name)} for name in ("answers.yml", "clocks.yml")]
    (directory / "plan.yml").write_text(yaml.safe_dump([*parts, work]))
    path = f"{directory}:{os.environ['PATH']}" if is_late else os.environ["PATH"]
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-playbook"),
            *("-i", str(directory / "hosts"), str(directory / "plan.yml")),
            *("-e", json.dumps({**GIVEN, **given})),
        ],
        env={**os.environ, "PATH": path, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_LOCALHOST_WARNING": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_host_whose_clock_is_wrong_does_no_work_that_is_judged_by_it(tmp_path: Path) -> None:
    ended = run(tmp_path, is_late=True)
    assert ended.returncode != 0 and "WORK" not in ended.stdout
    said = re.search(r"the clock of here differs from the controller's by (-\d+) s", " ".join(ended.stdout.split()))
    # With the time that asking took, which a busy machine draws out.
    assert said is not None and abs(int(said[1]) + 3600) < 30, ended.stdout


@pytest.mark.parametrize("given", [{}, {"recovery_clock_tolerance_seconds": 4000}])
def test_a_right_clock_and_one_that_is_right_enough_are_no_news(tmp_path: Path, given: dict[str, int]) -> None:
    ended = run(tmp_path, is_late=bool(given), **given)
    assert ended.returncode == 0 and "WORK" in ended.stdout and "differs" not in ended.stdout, ended.stdout


@pytest.mark.parametrize("name", ["backup", "retention", "verify_backups"])
def test_a_plan_that_judges_ages_and_locks_by_a_clock_sees_first_whose_is_right(name: str) -> None:
    plays = [play["name"] for play in plans()[name]]
    assert plays.index("Who answers") < plays.index("Whose clock is right") < plays.index("All together")
