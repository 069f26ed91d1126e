# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan answers to who asks it for the wrong thing, before it speaks to any host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from tests.repository_reading import ROOT

GROUP: dict[str, Any] = {
    "recovery_group": "storefront",
    "recovery_objectives": {"rto_seconds": 30, "rpo_seconds": 5, "rpo_bytes": 1},
    "recovery_sites": {"frankfurt": {}, "dublin": {}},
    "recovery_databases": {
        "orders": {
            "engine": {"postgresql": {"version": 15, "stanza": "orders", "data_directory": "/nowhere"}},
            "hosts": {"frankfurt": "fra-db1"},
            "system_identifier": "7300",
        }
    },
    "recovery_repositories": {"vault": {"number": 1, "filesystem": {"path": "/nowhere"}, "cipher_passphrase": "x"}},
}
RESTORED: dict[str, Any] = {
    "name": "orders",
    "state": "present",
    "mode": "in_place",
    "asked": {"recovery_restore_database": "orders", "recovery_restore_site": "frankfurt"},
}


def write_journal(directory: Path, run_id: str, plan: str, at: int, **restores: Any) -> None:
    """What a run that succeeded leaves, shortened; ``at`` is its last moment in seconds."""
    asked = {"plan": plan, "group": "storefront", "source": "frankfurt", "target": "dublin", "restores": restores}
    facts = {"recovery_run": asked, "recovery_begun_steps": ["lease"], "recovery_status": "succeeded"}
    line = {"event": "result", "run_id": run_id, "at": "2026-01-02T03:04:05.000Z", "outcome": "ok", "facts": facts}
    path = directory / f"{run_id}.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    os.utime(path, (at, at))


def ask(directory: Path, plan: str, **asked: Any) -> str:
    """What Ansible says of a plan that has to be refused, in one line; of its hosts none can be reached."""
    inventory = {"all": {"vars": GROUP, "hosts": {"fra-db1": {"ansible_host": "192.0.2.1"}}}}
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(directory / "hosts.yml"),
         f"gogidix.disaster_recovery.{plan}", "-e", json.dumps(asked)],
        cwd=ROOT,
        env={**os.environ, "RECOVERY_JOURNAL_DIRECTORY": str(directory), "RECOVERY_RUN_ID": "asking"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert finished.returncode == 2, finished.stdout
    return " ".join((finished.stdout + finished.stderr).split())


def test_an_undo_after_a_restore_says_how_that_is_taken_back_and_touches_no_older_run(tmp_path: Path) -> None:
    write_journal(tmp_path, "moved", "failover", 1000)
    write_journal(tmp_path, "restored", "restore", 2000, **RESTORED)
    said = ask(tmp_path, "undo")
    assert "is run restored of the plan restore" in said and "Nothing was touched" in said
    assert (
        "To make the former data live again: ansible-playbook -i … gogidix.disaster_recovery.restore "
        "-e recovery_restore_database=orders -e recovery_restore_site=frankfurt -e recovery_restore_state=reverted "
        "-e recovery_restore_run=restored -e recovery_restore_confirm=" in said
    )
    assert "Who answers" not in said


def test_an_undo_after_a_restore_beside_says_how_the_copy_goes(tmp_path: Path) -> None:
    write_journal(tmp_path, "copied", "restore", 2000, **{**RESTORED, "mode": "beside"})
    said = ask(tmp_path, "undo")
    assert "To remove the copy: " in said and "-e recovery_restore_state=absent" in said


def test_a_restore_is_taken_back_only_by_the_run_that_made_it_and_confirmed(tmp_path: Path) -> None:
    write_journal(tmp_path, "moved", "failover", 1000)
    write_journal(tmp_path, "other", "restore", 2000, **{**RESTORED, "name": "ledger"})
    write_journal(tmp_path, "restored", "restore", 3000, **RESTORED)
    asked = {"recovery_restore_state": "reverted", "recovery_restore_site": "frankfurt"}
    assert "give recovery_restore_run, the id of the run that restored" in ask(tmp_path, "restore", **asked)
    named = {**asked, "recovery_restore_confirm": "7300"}
    assert "is a run of failover" in ask(tmp_path, "restore", **named, recovery_restore_run="moved")
    assert "did not restore orders but ledger" in ask(tmp_path, "restore", **named, recovery_restore_run="other")
    unconfirmed = ask(tmp_path, "restore", **asked, recovery_restore_run="restored")
    assert "A restore that is taken back replaces the live data of orders" in unconfirmed
    # With all of that it goes on to its host, which does not answer.
    assert "do not answer: fra-db1" in ask(tmp_path, "restore", **named, recovery_restore_run="restored")
