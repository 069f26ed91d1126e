# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine of its own for plans: its processes, /etc, /srv and /var are nobody else's, over those of this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.servers.process import running, wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import children

PASSPHRASE = "example-only-it's a $passphrase"
PROGRAMS = Path(sys.executable).parent
# In place of those that an inventory has.
REPOSITORIES = {
    "elsewhere": {
        "number": 1,
        "filesystem": {"path": "/var/lib/recovery-elsewhere"},
        "cipher_passphrase_env": "STORAGE_KEY",
    }
}
PLACES = ("etc", "srv", "var")
NAMESPACE = """
for place in etc srv var; do
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$1/$place/upper,workdir=$1/$place/work" "/$place"
done
touch "$1/ready"
exec sleep infinity
"""


@dataclass(frozen=True)
class OwnMachine:
    """What stands on it is below ``home``; the programs are this machine's."""

    home: Path
    process: int

    def call(self, *argv: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program on it."""
        finished = subprocess.run(
            ["nsenter", "--mount", "--pid", "--target", str(self.process), "--", *argv],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd="/",
        )
        assert finished.returncode == 0 or not check, finished.stdout + finished.stderr
        return finished

    def read(self, path: str) -> str:
        return self.call("cat", path).stdout

    def write(self, path: str, content: str, mode: str = "0644") -> None:
        script = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1" && chmod "$3" "$1"'
        self.call("sh", "-c", script, "sh", path, content, mode)

    def plan(self, name: str, inventory: Path, *, fails: bool = False, **asked: Any) -> str:
        """What a plan says, in which no secret may stand."""
        given = {"recovery_repositories": REPOSITORIES, **{f"recovery_{key}": value for key, value in asked.items()}}
        finished = self.call(
            *(str(PROGRAMS / "ansible-playbook"), f"gogidix.disaster_recovery.{name}"),
            *("-i", str(inventory), "-e", json.dumps(given)),
            check=False,
            HOME=str(self.home),
            STORAGE_KEY=PASSPHRASE,
            ANSIBLE_FORCE_COLOR="0",
            ANSIBLE_CALLBACKS_ENABLED="gogidix.disaster_recovery.recovery_journal",
            RECOVERY_JOURNAL_DIRECTORY=str(self.home / "journal"),
        )
        said = finished.stdout + finished.stderr
        assert (finished.returncode != 0) == fails, said
        assert PASSPHRASE not in said
        return said


@contextmanager
def own_machine(home: Path) -> Iterator[OwnMachine]:
    for place in PLACES:
        for part in ("upper", "work"):
            (home / place / part).mkdir(parents=True, exist_ok=True)
    own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with running([*own, "sh", "-ec", NAMESPACE, "sh", str(home)], home / "machine.log") as outside:
        wait_until("the machine is there", (home / "ready").exists)
        [process] = children(outside.pid)
        yield OwnMachine(home, process)
