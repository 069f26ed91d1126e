# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether there is a backup that is young enough, as pgBackRest's repository itself tells."""

from __future__ import annotations

import json
import time
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError


class BackupAge(Check):
    """The age of the newest backup without errors; runs on a host that reaches the repository."""

    NAME = "backup_age"
    OPTIONS: dict[str, Any] = {
        "stanza": {"type": "str", "required": True},
        "repository_number": {"type": "int"},
        "max_age_seconds": {"type": "int", "required": True},
        "configuration_file": {"type": "path"},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._options = options

    def observe(self, deadline: Deadline) -> Observation:
        stanza, most = self._options["stanza"], self._options["max_age_seconds"]
        expected = f"a backup of {stanza} that is at most {most} s old"
        argv = ["pgbackrest", f"--stanza={stanza}", "--output=json", "--log-level-console=off"]
        if self._options["repository_number"] is not None:
            argv.append(f"--repo={self._options['repository_number']}")
        if self._options["configuration_file"] is not None:
            argv.append(f"--config={self._options['configuration_file']}")
        finished = run_tool([*argv, "info"], deadline=deadline)
        require_success(finished, f"read the backups of {stanza}", next_action="Look at the repository")
        return judge(finished.stdout, stanza, most, time.time(), expected)


def judge(text: str, stanza: str, most: int, now: float, expected: str) -> Observation:
    """The verdict on what C(pgbackrest info) said; it ends with 0 whatever it found. Pure."""
    try:
        found = next((entry for entry in json.loads(text) if entry["name"] == stanza), None)
        if found is None:
            return Observation(False, "no such stanza", expected)
        status = found["status"]
        if status["code"] != 0:
            return Observation(False, f"{status['message']} (status {status['code']})", expected, {"status": status})
        good = [backup for backup in found["backup"] if backup["error"] is False]
        newest = max(good, key=lambda backup: int(backup["timestamp"]["stop"]), default=None)
        if newest is None:
            return Observation(False, "no backup without errors", expected)
        age = now - int(newest["timestamp"]["stop"])
        seen = f"{newest['label']} is {age:.0f} s old"
        return Observation(age <= most, seen, expected, {"backup": newest["label"], "age_seconds": round(age, 1)})
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(
            f"read the backups of {stanza}",
            cause=f"the answer of pgbackrest is not understood: {type(error).__name__} {error}",
            next_action="Compare the version of pgBackRest with those that are supported",
        ) from error
