# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.finding import (
    UNDONE_PLANS,
    describe_run,
    find_run,
)

PLANS = ["failover", "failback"]


def write_journal(directory: Path, run_id: str, age: int, **facts: Any) -> None:
    at = "2026-01-02T03:04:05.000+00:00"
    lines = [
        {"event": "run", "run_id": run_id, "plan": "failover", "at": at, "outcome": "begun"},
        {
            "event": "result",
            "run_id": run_id,
            "at": at,
            "outcome": "ok",
            "facts": {f"recovery_{k}": v for k, v in facts.items()},
        },
    ]
    path = directory / f"{run_id}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (1_000_000 - age, 1_000_000 - age))


def request(plan: str = "failover", group: str = "storefront") -> dict[str, str]:
    return {"plan": plan, "group": group, "mode": "planned", "source": "frankfurt", "target": "dublin"}


def test_the_last_run_of_the_group_is_found_and_the_run_that_asks_is_not(tmp_path: Path) -> None:
    write_journal(tmp_path, "older", 30, run=request())
    write_journal(tmp_path, "wanted", 20, run=request(), begun_steps=["lease", "fence"], moved=False, status="parked")
    write_journal(tmp_path, "another-group", 10, run=request(group="other"))
    write_journal(tmp_path, "a-backup", 5, run=request(plan="backup"))
    write_journal(tmp_path, "asking", 0, run=request())
    found = describe_run(find_run(tmp_path, "last", group="storefront", plans=PLANS, except_run="asking"))
    assert found["run_id"] == "wanted"
    assert found["begun_steps"] == ["lease", "fence"]
    assert found["moved"] is False
    assert found["status"] == "parked"


def test_a_restore_is_a_last_run_and_what_touched_nothing_is_none(tmp_path: Path) -> None:
    write_journal(tmp_path, "moved", 40, run=request(), begun_steps=["lease"], moved=True)
    write_journal(
        tmp_path, "wanted", 30, run={**request("restore"), "restores": {"name": "orders"}}, begun_steps=["lease"]
    )
    write_journal(tmp_path, "refused", 20, run=request("failback"), begun_steps=[], status="failed")
    write_journal(tmp_path, "rehearsed", 10, run={**request(), "check": True}, begun_steps=["lease", "fence"])
    found = describe_run(find_run(tmp_path, "last", group="storefront", plans=list(UNDONE_PLANS), except_run=""))
    assert (found["run_id"], found["plan"], found["restores"]) == ("wanted", "restore", {"name": "orders"})


def test_a_run_without_a_journal_is_refused_with_the_place_that_was_searched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no gone\.jsonl in"):
        find_run(tmp_path, "gone", group="storefront", plans=PLANS, except_run="")


def test_a_path_in_a_run_id_never_leaves_the_directory(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    write_journal(tmp_path, "secret", 0, run=request())
    with pytest.raises(InputError):
        find_run(tmp_path / "journal", "../secret", group="storefront", plans=PLANS, except_run="")


def test_nothing_to_undo_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError, match="find a run of storefront"):
        find_run(tmp_path, "last", group="storefront", plans=PLANS, except_run="")


def test_an_empty_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(InputError, match="no readable line"):
        find_run(tmp_path, "empty", group="storefront", plans=PLANS, except_run="")
