# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role backup lets an operator say what is usual: in the entry of a source, or once for a run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.integration.storage.own_host import declare, play

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Let restic find its repository
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.repository_settings
    - name: Try
      block:
        - name: Take a backup
          ansible.builtin.import_role:
            name: gogidix.disaster_recovery.backup
        - name: Say so
          ansible.builtin.debug:
            msg: "{{ backup_taken.results | map(attribute='notes') | flatten }} was taken"
      rescue:
        - name: Say why not
          ansible.builtin.debug:
            msg: "refused: {{ ansible_failed_result.results | map(attribute='msg') | join }}"
"""


@pytest.fixture
def uploads(home: Path) -> Path:
    """A source whose usual size is 300 kB."""
    source = home / "uploads"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.bin").write_bytes(os.urandom(100_000))
    return source


def back_up(home: Path, source: Path, *asked: str, **entry: Any) -> str:
    declare(home, "uploads", source, {"kind": "filesystem", **entry})
    (home / "play.yml").write_text(PLAY)
    return " ".join(play(home, *asked).split())


def test_after_a_purge_a_run_or_the_entry_says_that_less_is_right(home: Path, uploads: Path) -> None:
    assert "was taken" in back_up(home, uploads)
    for number in range(2):
        (uploads / f"{number}.bin").unlink()
    assert "lower minimum_percent_of_median once" in back_up(home, uploads)
    asked = json.dumps({"recovery_backup_anomalies": {"minimum_percent_of_median": 10}})
    assert "was taken" in back_up(home, uploads, "-e", asked)


def test_the_entry_of_a_source_says_what_becomes_of_an_anomaly(home: Path, uploads: Path) -> None:
    assert "was taken" in back_up(home, uploads)
    for number in range(2):
        (uploads / f"{number}.bin").unlink()
    noted = back_up(home, uploads, anomalies={"shrunk": "note"})
    assert "Unusual (shrunk)" in noted and "was taken" in noted
