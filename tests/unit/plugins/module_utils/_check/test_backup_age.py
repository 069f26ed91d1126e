# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on what pgBackRest says of its repository."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_age import judge
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Observation
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError

NOW = 1_800_000_000.0


def backup(label: str, age: int, error: Any = False) -> dict[str, Any]:
    return {"label": label, "error": error, "timestamp": {"stop": int(NOW) - age}}


def verdict(*backups: dict[str, Any], code: int = 0, message: str = "ok") -> Observation:
    stanza = {"name": "orders", "status": {"code": code, "message": message}, "backup": list(backups)}
    return judge(json.dumps([stanza]), "orders", 3600, NOW, "a young backup")


def test_the_newest_backup_decides() -> None:
    seen = verdict(backup("old", 9000), backup("new", 100))
    assert seen.passed and seen.observed == "new is 100 s old"


def test_a_backup_that_is_too_old_fails() -> None:
    assert verdict(backup("old", 3601)).passed is False


def test_a_backup_with_errors_or_an_unknown_outcome_does_not_count() -> None:
    assert verdict(backup("bad", 10, error=True), backup("odd", 10, error=None)).passed is False


def test_no_backup_and_no_stanza_fail() -> None:
    assert verdict().passed is False
    assert judge("[]", "orders", 3600, NOW, "a young backup").observed == "no such stanza"


def test_a_status_that_is_not_zero_fails_with_its_words() -> None:
    seen = verdict(backup("new", 10), code=1, message="missing stanza path")
    assert seen.passed is False and "missing stanza path" in seen.observed


@pytest.mark.parametrize("text", ["", '[{"name": "orders"}]', "not json"])
def test_what_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(ToolError, match="not understood"):
        judge(text, "orders", 3600, NOW, "a young backup")
