# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on what pgBackRest says of its repository."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_age import (
    BackupAge,
    judge,
    judge_catalogue,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Observation, Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, ToolError

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


CATALOGUE = {
    "stanza": "papers",
    "read_at": "2027-01-15T08:00:00Z",
    "windows": [],
    "newest_recovery_point": None,
    "repository": {"name": "vault", "place": "/vault", "reachable": None, "observed": "not asked"},
    "backups": [
        {"id": name, "stopped_at": at, "errors": errors, "trust": {"level": "taken", "levels": {}}}
        for name, at, errors in [
            ("A", "2027-01-15T07:00:00Z", []),
            ("B", "2027-01-15T07:59:00Z", ["interrupted"]),
        ]
    ],
}


def test_the_catalogue_of_any_engine_is_judged() -> None:
    at = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    seen = judge_catalogue(CATALOGUE, 3600, at)
    assert seen.passed and seen.observed == "A is 3600 s old" and seen.evidence["repository"] == "vault"
    assert not judge_catalogue(CATALOGUE, 3599, at).passed
    assert judge_catalogue({**CATALOGUE, "backups": []}, 3600, at).observed == "no backup without errors"


def test_a_catalogue_that_was_not_read_has_no_backup() -> None:
    seen = judge_catalogue({"failed": True, "msg": "no route to host"}, 3600, datetime.now(UTC))
    assert not seen.passed and seen.observed == "no route to host"


@pytest.mark.parametrize("given", [{"catalogue": None, "stanza": None}, {"catalogue": {}, "stanza": "orders"}])
def test_a_catalogue_or_a_stanza_is_wanted_and_not_both(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="exactly one"):
        BackupAge({**given, "max_age_seconds": 1}, Surroundings())
