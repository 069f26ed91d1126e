# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role repository_settings lets restic find its repositories, on a host whose /etc and /var are the test's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.integration.servers.object_stores import ObjectStores
from tests.integration.storage.own_host import play

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Only what restic needs
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.repository_settings
    - name: Use it as a person would
      ansible.builtin.shell: >-
        set -a; . /etc/recovery/restic/bucket.env;
        eval restic "$RECOVERY_RESTIC_OPTIONS" --no-cache cat config --no-lock
      changed_when: false
      register: used
    - name: See the modes
      ansible.builtin.command: stat --format=%U:%a . bucket.env bucket.key
      args:
        chdir: /etc/recovery/restic
      changed_when: false
      register: modes
    - name: Say so
      ansible.builtin.debug:
        msg: "{{ modes.stdout_lines | join(' ') }} {{ (used.stdout | from_json).version }}"
"""


def test_restic_is_configured_and_every_repository_begun_without_telling_a_secret(
    home: Path, stores: ObjectStores
) -> None:
    files = {"web": {"engine": {"files": {"stanza": "web", "paths": ["/srv"]}}, "hosts": {"here": "localhost"}}}
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "recovery_files": files,
        "recovery_databases": {},
        "recovery_repository_hosts": [],
        "recovery_repositories": {
            "bucket": {"number": 1, "s3": stores.s3(path="/role"), "cipher_passphrase_env": "STORAGE_KEY"},
            "cellar": {"number": 2, "tape": {"device": "/dev/null"}},
        },
    }
    (home / "hosts.json").write_text(json.dumps({"all": {"hosts": {"localhost": variables}}}))
    (home / "play.yml").write_text(PLAY)
    said = play(home, "-vvv", "--diff")
    assert "root:700 root:600 root:600 2" in said
