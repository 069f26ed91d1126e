# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playing roles on a host whose /etc and /var are the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.servers.object_stores import SECRET_KEY

PASSPHRASE = "example-only-it's a $passphrase"
# An overlay keeps what the role writes out of this machine.
NAMESPACE = """
for place in etc var; do
  mkdir -p "$HOME/$place/upper" "$HOME/$place/work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$HOME/$place/upper,workdir=$HOME/$place/work" "/$place"
done
exec "$@"
"""


def declare(home: Path, name: str, path: Path, entry: dict[str, Any], **more: Any) -> None:
    """A group of one source, which this host keeps in a repository of its own."""
    engine = {"files": {"stanza": name, "paths": [str(path)]}}
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "recovery_files": {name: {"engine": engine, "hosts": {"here": "localhost"}, **entry}},
        "recovery_databases": {},
        "recovery_repository_hosts": [],
        "recovery_repositories": {
            "attic": {"number": 1, "filesystem": {"path": str(home / "attic")}, "cipher_passphrase_env": "STORAGE_KEY"}
        },
        "recovery_backup_targets": "{{ recovery_databases | gogidix.disaster_recovery.backup_targets("
        "recovery_repositories, [], recovery_files, 'all') }}",
        "recovery_backup_strategy": "incremental",
        "recovery_logs_written": [],
        "recovery_parallel_hosts": 1,
        **more,
    }
    (home / "hosts.json").write_text(json.dumps({"all": {"hosts": {"localhost": variables}}}))


def play(home: Path, *arguments: str) -> str:
    """The output of a run in the namespace, in which no secret may stand."""
    programs = Path(sys.executable).parent
    argv = [str(programs / "ansible-playbook"), "-i", str(home / "hosts.json"), str(home / "play.yml"), *arguments]
    finished = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", NAMESPACE, "sh", *argv],
        env={**os.environ, "HOME": str(home), "STORAGE_KEY": PASSPHRASE, "ANSIBLE_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said
    assert PASSPHRASE not in said and SECRET_KEY not in said
    return said
