# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plans write a tape, lose everything but that, read it back and restore from it, on a host of the test's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PASSPHRASE = "example-only-passphrase"
# An overlay keeps what the plans write out of this machine.
NAMESPACE = """
for place in etc var; do
  mkdir -p "$HOME/$place/upper" "$HOME/$place/work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$HOME/$place/upper,workdir=$HOME/$place/work" "/$place"
done
"""
PLAN = 'ansible-playbook -i "$HOME/hosts.json" gogidix.disaster_recovery.'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A group of one host, whose papers go to a directory, and that to a tape."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "text").write_text("what matters")
    papers = {
        "kind": "filesystem",
        "engine": {"files": {"paths": [str(tmp_path / "papers")]}},
        "hosts": {"here": "shelf"},
        "repositories": ["vault"],
    }
    repositories = {
        "vault": {"number": 1, "filesystem": {"path": "/var/lib/vault"}, "cipher_passphrase": PASSPHRASE},
        "cellar": {"number": 2, "tape": {"device": str(tmp_path / "tape")}, "copy_of": "vault"},
        "beside": {"number": 3, "filesystem": {"path": "/var/lib/beside"}, "copy_of": "vault"},
    }
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "recovery_group": "papers",
        "recovery_objectives": {"rto_seconds": 600, "rpo_seconds": 600, "rpo_bytes": 0},
        "recovery_sites": {"here": {}},
        "recovery_databases": {},
        "recovery_files": {"papers": papers},
        "recovery_repositories": repositories,
        "recovery_accept_no_journal": "a test reads what is said",
    }
    children: dict[str, Any] = {"file_hosts": {"hosts": {"shelf": {}}}, "site_here": {"hosts": {"shelf": {}}}}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"vars": variables, "children": children}}))
    return tmp_path


def run(home: Path, *commands: str) -> None:
    """All of it in one namespace; the first that fails is the last, and none tells a secret."""
    environment = {**os.environ, "HOME": str(home), "ANSIBLE_FORCE_COLOR": "0"}
    finished = subprocess.run(
        ["unshare", "--mount", "sh", "-exc", NAMESPACE + "\n".join(commands)],
        env={**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said[-8000:]
    assert PASSPHRASE not in said


def reported(home: Path) -> list[str]:
    """What the reports of all runs but a check say was copied, oldest first."""
    reports = sorted((home / "var/upper/log/disaster-recovery").glob("*.json"))
    return [text for report in reports for text in json.loads(report.read_text()).get("copied", [])]


def test_the_plans_lead_to_a_tape_and_back_from_it(home: Path) -> None:
    back = f"{PLAN}copy_backups -e recovery_copy_back_from=cellar"
    run(
        home,
        f"{PLAN}protect",
        f'{PLAN}copy_backups -e \'{{"recovery_backup_repositories": ["cellar"]}}\'',
        # Nothing is left but the tape and the inventory.
        "rm -rf /var/lib/vault /var/lib/beside /var/lib/recovery /etc/recovery",
        f"{back} --check",
        "test ! -e /var/lib/vault",
        back,
        f"{PLAN}restore -e recovery_restore_files=papers -e recovery_restore_beside=$HOME/restored",
        'diff -r "$HOME/papers" "$HOME/restored$HOME/papers"',
        # Beside what is there, as a copy of it.
        f"{back} -e recovery_copy_back_to=beside",
        "diff -r /var/lib/vault /var/lib/beside",
    )
    told = [text for text in reported(home) if "from the tape cellar" in text]
    assert [re.sub(r"at \S+Z", "then", text) for text in told] == [
        "from the tape cellar to vault: vault as it was then is back, 10 files",
        "papers of here from the tape cellar to vault: 1 backups are back",
        "from the tape cellar to beside: vault as it was then is back, 10 files",
        "papers of here from the tape cellar to beside: 1 backups are back",
    ]
