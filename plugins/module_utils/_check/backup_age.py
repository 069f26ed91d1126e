# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether there is a backup that is young enough: as backup_info told of any engine, or as pgBackRest tells now."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._backup_evidence import holding_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now


class BackupAge(Check):
    """The age of the newest backup without errors."""

    NAME = "backup_age"
    OPTIONS: dict[str, Any] = {
        "catalogue": {"type": "dict"},
        "stanza": {"type": "str"},
        "repository_number": {"type": "int"},
        "max_age_seconds": {"type": "int", "required": True},
        "configuration_file": {"type": "path"},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._options = options
        if (options["catalogue"] is None) == (options["stanza"] is None):
            raise InputError(
                "read the options of backup_age",
                cause="exactly one of catalogue and stanza is wanted",
                next_action="Give what backup_info returned as catalogue, or the name of a stanza of pgBackRest",
            )

    def observe(self, deadline: Deadline) -> Observation:
        if self._options["catalogue"] is not None:
            return judge_catalogue(self._options["catalogue"], self._options["max_age_seconds"], now())
        return self._ask_pgbackrest(deadline)

    def _ask_pgbackrest(self, deadline: Deadline) -> Observation:
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


def judge_catalogue(catalogue: dict[str, Any], most: int, at: datetime) -> Observation:
    """The verdict on a result of backup_info, of whatever engine. Pure."""
    holding = holding_of(catalogue)
    expected = f"a backup of {holding.stanza or 'it'} that is at most {most} s old"
    if holding.problem:
        return Observation(False, holding.problem, expected)
    if not holding.usable:
        return Observation(False, "no backup without errors", expected)
    newest = holding.usable[-1]
    age = (at - newest.stopped_at).total_seconds()
    evidence = {"backup": newest.id, "repository": holding.repository, "age_seconds": round(age, 1)}
    return Observation(age <= most, f"{newest.id} is {age:.0f} s old", expected, evidence)


def judge(text: str, stanza: str, most: int, at: float, expected: str) -> Observation:
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
        age = at - int(newest["timestamp"]["stop"])
        seen = f"{newest['label']} is {age:.0f} s old"
        return Observation(age <= most, seen, expected, {"backup": newest["label"], "age_seconds": round(age, 1)})
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(
            f"read the backups of {stanza}",
            cause=f"the answer of pgbackrest is not understood: {type(error).__name__} {error}",
            next_action="Compare the version of pgBackRest with those that are supported",
        ) from error
