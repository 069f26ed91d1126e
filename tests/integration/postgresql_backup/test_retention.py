# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""backup_retention with pgBackRest: what no rule wants goes, what is proven stays with the log it needs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.module_run import run_module
from tests.integration.servers.postgresql import as_postgres

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import pgbackrest_settings

LAST = {"keep_last": 1}


@pytest.fixture(scope="module")
def generations(make_sandbox: MakeSandbox) -> tuple[Sandbox, list[str]]:
    """Three full backups."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product AS SELECT i AS id FROM generate_series(1, 100) i;")
    return sandbox, [sandbox.succeed("backup", strategy="full")["backup"]["id"] for _time in range(3)]


def ids(listed: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in listed]


def test_retention_keeps_what_is_proven_and_whole_and_removes_the_rest_once(
    generations: tuple[Sandbox, list[str]],
) -> None:
    sandbox, (first, middle, newest) = generations
    scratch = str(sandbox.root / "scratch")
    sandbox.succeed("backup_verify", level="restored", backup=first, scratch_directory=scratch)
    planned = sandbox.succeed("backup_retention", policy=LAST, check=True)
    assert planned["changed"] is True and ids(planned["removed"]) == [middle]
    assert planned["diff"]["after"] == {"backups": [first, newest]}
    assert len(sandbox.succeed("backup_info")["backups"]) == 3
    done = sandbox.succeed("backup_retention", policy=LAST)
    assert done["removed"] == planned["removed"] and done["kept"] == planned["kept"]
    assert done["kept"][0]["reasons"] == ["the newest proven one", "minimum_proven: 1"]
    listed = sandbox.succeed("backup_info")
    assert ids(listed["backups"]) == [first, newest]
    again = sandbox.succeed("backup_retention", policy=LAST)
    assert again["changed"] is False and again["removed"] == []
    # Each of the two still has the log that it needs.
    for name in (first, newest):
        assert sandbox.succeed("backup_verify", backup=name)["trust"] in ("checked", "restored")


def test_a_chain_stays_whole(generations: tuple[Sandbox, list[str]]) -> None:
    sandbox, _names = generations
    incremental = sandbox.succeed("backup", strategy="incremental")["backup"]
    outcome = sandbox.succeed("backup_retention", policy=LAST, check=True)
    reasons = {each["id"]: each["reasons"] for each in outcome["kept"]}
    assert reasons[incremental["id"]] == ["keep_last: 1", "the newest usable one"]
    assert reasons[incremental["parent"]] == [f"needed by {incremental['id']}"]


def test_a_policy_without_a_rule_is_refused(generations: tuple[Sandbox, list[str]]) -> None:
    sandbox, _names = generations
    error = sandbox.fail("backup_retention", "DR-INPUT", policy={"minimum_proven": 2})
    assert "wants no backup to be kept" in error["msg"]


def test_what_the_store_does_not_let_go_is_named(generations: tuple[Sandbox, list[str]]) -> None:
    sandbox, _names = generations
    before = ids(sandbox.succeed("backup_info")["backups"])
    # A lock of pgBackRest's own stands for a store that refuses.
    sandbox.tool("stop")
    try:
        policy = {"keep_last": 1, "minimum_proven": 0}
        sandbox.trust.rename(sandbox.root / "trust-away")
        error = sandbox.fail("backup_retention", "DR-LOCK", policy=policy)
    finally:
        (sandbox.root / "trust-away").rename(sandbox.trust)
        sandbox.tool("start")
    assert error["recovery"]["kept_anyway"] == [before[0]] and before[0] in error["msg"]
    assert ids(sandbox.succeed("backup_info")["backups"]) == before


def test_what_backup_info_returns_is_what_the_policy_check_judges(generations: tuple[Sandbox, list[str]]) -> None:
    sandbox, _names = generations
    policy: dict[str, Any] = {
        "catalogues": [sandbox.succeed("backup_info")],
        "stanzas": ["orders"],
        "places": {"local": {"site": "far", "medium": "object", "immutable": True}},
        "max_recovery_point_age_seconds": 600,
        "copies": 2,
    }
    age = {"catalogue": policy["catalogues"][0], "max_age_seconds": 600}
    checks = [{"name": "it is young", "backup_age": age}, {"name": "it is kept by the rule", "backup_policy": policy}]
    seen = run_module("validate", {"checks": checks, "site": "here"})
    assert seen.get("passed") is True, seen
    strict = {"name": "three copies", "backup_policy": {**policy, "copies": 3}}
    failed = run_module("validate", {"checks": [strict], "site": "here"})
    assert failed["error_code"] == "DR-CHECK" and "copies 2 of 3 (live, local)" in failed["msg"]


def test_the_log_before_the_oldest_full_backup_goes_with_the_last_that_needs_it(
    generations: tuple[Sandbox, list[str]],
) -> None:
    """pgBackRest's own count is higher than what is there, so that by itself it would keep every segment for ever."""
    sandbox, (first, _middle, newest) = generations
    sandbox.trust.rename(sandbox.root / "trust-forgotten")
    removed = sandbox.succeed("backup_retention", policy={"keep_last": 1, "minimum_proven": 0})["removed"]
    assert first in ids(removed)
    listed = sandbox.succeed("backup_info")
    kept = {each["id"]: each for each in listed["backups"]}
    segments = sorted(path.name[:24] for path in (sandbox.repository / "archive").rglob("0000*-*"))
    assert segments[0] == kept[newest]["wal_start"]
    assert len(listed["windows"]) == 1 and set(listed["windows"][0]["backups"]) == set(kept)


def test_where_a_policy_decides_pgbackrest_removes_nothing_by_itself(generations: tuple[Sandbox, list[str]]) -> None:
    """As the role protect configures it, with a count that would leave one full backup."""
    sandbox, _names = generations
    entry = {"number": 1, "filesystem": {"path": "/r"}, "encrypted": False, "retention_full": 1}
    for policy, stays in (({"retention": LAST}, True), ({}, False)):
        before = set(ids(sandbox.succeed("backup_info")["backups"]))
        setting = pgbackrest_settings({"local": {**entry, **policy}}, "here", {})["local"]["repo1-retention-full"]
        text = sandbox.configuration_file.read_text()
        as_postgres(
            "tee", str(sandbox.configuration_file), stdin=re.sub(r"(repo1-retention-full)=\d+", rf"\1={setting}", text)
        )
        sandbox.succeed("backup", strategy="full")
        after = set(ids(sandbox.succeed("backup_info")["backups"]))
        assert (before < after) is stays
