# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking backups with the real pgBackRest."""

from __future__ import annotations

import re

from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Story


def test_a_full_backup_is_recorded_with_what_it_needs(story: Story) -> None:
    record = story.full
    assert re.fullmatch(r"\d{8}-\d{6}F", record["id"])
    assert record["strategy"] == "full" and record["chain"] == [] and record["encrypted"] is True
    # Nobody said under which name its passphrase is escrowed.
    assert record["key_id"] == "local"
    assert record["system_identifier"] == story.sandbox.system_identifier
    assert record["trust"]["level"] == "taken" and record["errors"] == []
    assert record["started_at"].endswith("Z") and record["size_bytes"] > record["stored_bytes"] > 0


def test_an_incremental_backup_names_its_chain(story: Story) -> None:
    assert story.incremental["strategy"] == "incremental"
    assert story.incremental["chain"] == [story.full["id"]] and story.incremental["parent"] == story.full["id"]


def test_a_backup_that_is_new_enough_is_not_taken_again(story: Story) -> None:
    result = story.sandbox.succeed("backup", strategy="incremental", unless_newer_than_seconds=3600)
    assert result["changed"] is False and result["backup"]["id"] == story.incremental["id"]


def test_check_mode_says_that_a_backup_would_be_taken_and_takes_none(story: Story) -> None:
    result = story.sandbox.succeed("backup", strategy="full", check=True)
    assert result["changed"] is True and result["backup"] is None
    assert result["diff"]["after"] == {"has_wanted_backup": True}
    listed = story.sandbox.succeed("backup_info")["backups"]
    assert [each["id"] for each in listed] == [story.full["id"], story.incremental["id"]]


def test_a_log_that_does_not_arrive_is_told_with_what_the_archiver_does(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("ALTER SYSTEM SET archive_command = 'false'; SELECT pg_reload_conf();")
    error = sandbox.fail("backup", "DR-DEADLINE", strategy="transaction_log", deadline=4)
    assert "its archiver shipped 0000000" in error["cause"] and "last with 0000000" in error["cause"]
