# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles say what they will restore before they do it, and take files back that were restored in place."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.integration.storage.own_host import declare, play

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Let restic find its repository
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.repository_settings
    - name: Take a backup
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.backup
    - name: Change the settings
      ansible.builtin.copy:
        content: changed
        dest: "{{ settings }}/port"
        mode: "0600"
    - name: Bring them back
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.restore_files
    - name: Take that back
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.restore
        tasks_from: former
    - name: Say what is there
      ansible.builtin.debug:
        msg: "{{ restore_files_done.paths[0].state }}, and now {{ lookup('file', settings ~ '/port') }} again"
"""


RESTORE = {
    "recovery_restored": "{{ recovery_backup_targets | first }}",
    "recovery_restore_files": "settings",
    "recovery_restore_entry": "{{ recovery_files.settings }}",
    "recovery_restore_mode": "in_place",
    "recovery_restore_target": {"type": "latest"},
    "recovery_restore_paths": [],
    "recovery_restore_confirm": socket.gethostname(),
    "recovery_run_id": "run-1",
    "recovery_restore_state": "reverted",
    "recovery_restore_run": "run-1",
}


def test_files_that_were_restored_in_place_are_taken_back_and_the_restore_was_announced(home: Path) -> None:
    settings = home / "settings"
    settings.mkdir()
    (settings / "port").write_text("80", encoding="utf-8")
    declare(home, "settings", settings, {"kind": "configuration"}, settings=str(settings), **RESTORE)
    (home / "play.yml").write_text(PLAY)
    said = " ".join(play(home).split())
    assert "replaced, and now changed again" in said
    announced = said.index("settings.here into")
    assert announced < said.index("Stop what runs on the files") and "from attic, full backup" in said[announced:]
