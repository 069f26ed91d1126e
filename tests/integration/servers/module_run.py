# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module the way Ansible does: a process of its own, options as JSON in, result as JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
COLLECTIONS = REPOSITORY / ".ansible" / "collections"


def run_module(name: str, options: dict[str, Any], *, check_mode: bool = False, diff: bool = True) -> dict[str, Any]:
    """The result of one call of the module; anything but one JSON object on its output is an error of the test."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check_mode, "_ansible_diff": diff}}
    finished = subprocess.run(
        [sys.executable, "-m", f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}"],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=COLLECTIONS,
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
    )
    if not finished.stdout.strip():
        raise AssertionError(f"{name} said nothing: {finished.stderr}")
    result: dict[str, Any] = json.loads(finished.stdout)
    assert finished.returncode == (1 if result.get("failed") else 0), finished.stderr
    return result
