# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is packed is what a later task sends; run by ansible-playbook itself, since it is its cache that counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - gogidix.disaster_recovery.module_pack: {modules: [%s]}
"""
THEN_USE = """
    - ansible.builtin.ping:
"""


def play(place: Path, text: str) -> subprocess.CompletedProcess[str]:
    (place / "play.yml").write_text(text)
    words = ["ansible-playbook", "-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}", "play.yml"]
    environment = {**os.environ, "ANSIBLE_DEBUG": "1"}
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)


def test_a_packed_module_is_not_built_again_when_it_is_used(tmp_path: Path) -> None:
    told = play(tmp_path, PACK % "ansible.builtin.ping" + THEN_USE)
    assert told.returncode == 0, told.stdout[-2000:]
    assert told.stdout.count("ANSIBALLZ: Creating module") == 1
    assert "ANSIBALLZ: using cached module" in told.stdout


def test_a_module_that_does_not_exist_is_named(tmp_path: Path) -> None:
    told = play(tmp_path, PACK % "gogidix.disaster_recovery.no_such_module")
    assert told.returncode != 0
    assert "no_such_module" in told.stdout + told.stderr
