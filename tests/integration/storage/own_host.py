# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playing roles on a host whose /etc and /var are the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
