# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Questions to a restored tree: what a command says that runs in it, or what a file in it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_options import plain_path
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import named

IN_THE_TREE = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh"]
LARGEST_BYTES = 16 * 1024 * 1024


def require_checks(checks: list[Check]) -> None:
    """Files are not asked in SQL, and a pattern must be one."""
    for check in checks:
        what = f"read the check {check.name}"
        if not check.command and not check.path:
            raise InputError(what, cause="files know no query", next_action="Give it a command or a path")
        if check.path:
            plain_path(check.path, f"path of the check {check.name}")
        try:
            re.compile(check.pattern)
        except re.error as error:
            raise InputError(what, cause=f"its pattern: {error}", next_action="Correct the pattern") from error


def question(checks: list[Check], tree: Path, deadline: Deadline) -> list[dict[str, Any]]:
    """Each check with what was seen."""
    return [ask_command(check, tree, deadline) if check.command else look_at(check, tree) for check in checks]


def ask_command(check: Check, tree: Path, deadline: Deadline) -> dict[str, Any]:
    """It must end with 0, and say what is expected when something is."""
    try:
        finished = run_tool(
            [*IN_THE_TREE, str(tree), *check.command],
            deadline=deadline,
            environment={"RECOVERY_TREE": str(named(tree))},
        )
        said, rc = finished.stdout.rstrip("\n"), finished.rc
        observed = said if rc == 0 else f"it ended with {rc}: {finished.last_lines[-500:]}"
    except RecoveryError as error:
        said, rc, observed = "", -1, error.cause
    passed = rc == 0 and check.expect in (None, said)
    return answer(check, passed, observed, "exit code 0" if check.expect is None else check.expect)


def look_at(check: Check, tree: Path) -> dict[str, Any]:
    """The file must be there, in the tree itself, and match when a pattern is given."""
    real = Path(f"{tree}{plain_path(check.path, 'path')}")
    expected = f"matches {check.pattern}" if check.pattern else "is there"
    try:
        inside = real.resolve(strict=True).is_relative_to(tree.resolve())
        if not inside:
            return answer(check, False, "it leads out of the restored tree", expected)
        if not check.pattern:
            return answer(check, True, "is there", expected)
        with real.open("rb") as file:
            text = file.read(LARGEST_BYTES).decode(errors="surrogateescape")
    except OSError as error:
        return answer(check, False, error.strerror or str(error), expected)
    found = re.search(check.pattern, text, re.MULTILINE)
    return answer(check, found is not None, found[0] if found else "no match", expected)


def answer(check: Check, passed: bool, observed: str, expected: str) -> dict[str, Any]:
    return {"name": check.name, "passed": passed, "observed": observed, "expected": expected}
