# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumping one database with the real pg_dump and restic."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.integration.postgresql_dump.sandbox import Story
from tests.integration.servers.postgresql import PROGRAMS, standby_of


def test_a_dump_is_recorded_with_what_it_is_of(story: Story) -> None:
    record = story.backup
    assert record["strategy"] == "full" and record["chain"] == [] and record["encrypted"] is True
    assert record["server_version"].startswith("15.") and record["start_lsn"].startswith("0/")
    assert record["system_identifier"] == story.sandbox.succeed("backup_info")["system_identifier"]
    assert record["size_bytes"] > 1000000 and record["stored_bytes"] > 0 and record["errors"] == []
    kept = story.sandbox.restic("snapshots")
    assert len(kept) == 2 and all(any(tag == "engine=postgresql_dump" for tag in each["tags"]) for each in kept)


def test_who_asks_for_less_gets_a_full_dump_and_is_told(story: Story) -> None:
    planned = story.sandbox.succeed("backup", strategy="incremental", check=True)
    assert planned["changed"] is True and planned["backup"] is None
    served = story.sandbox.succeed("backup", strategy="incremental", unless_newer_than_seconds=3600)
    assert served["changed"] is False and served["backup"]["id"] == story.backup["id"]
    error = story.sandbox.fail("backup", "DR-INPUT", strategy="transaction_log")
    assert "no strategy transaction_log" in error["msg"]


@pytest.mark.parametrize(
    ("ending", "code", "what"),
    [
        ("kill -9 $$", "DR-TOOL", "dump the database shop"),
        ("exit 0", "DR-INT", "read the dump of shop back"),
    ],
    ids=["killed", "ending with 0 in the middle"],
)
def test_a_producer_that_dies_never_becomes_a_backup(story: Story, ending: str, code: str, what: str) -> None:
    before = story.sandbox.restic("snapshots")
    broken = story.sandbox.with_program("pg_dump", f'{PROGRAMS}/pg_dump "$@" | head -c 500000\n{ending}')
    assert what in broken.fail("backup", code, strategy="full")["msg"]
    assert story.sandbox.restic("snapshots") == before


def test_a_database_that_is_not_there_and_another_server_are_refused(story: Story) -> None:
    sandbox = story.sandbox
    misspelt = {**sandbox.dump, "database": "shpo"}
    error = sandbox.fail("backup", "DR-PRE", strategy="full", engine={"postgresql_dump": misspelt})
    assert "postgres, shop" in error["msg"]
    connection = {**sandbox.dump, "database": "host=elsewhere"}
    sandbox.fail("backup", "DR-INPUT", strategy="full", engine={"postgresql_dump": connection})
    older = {**sandbox.dump, "version": 14}
    assert "wanted is 14" in sandbox.fail("backup", "DR-VER", strategy="full", engine={"postgresql_dump": older})["msg"]


def test_no_secret_reaches_a_result_or_a_command_line(story: Story) -> None:
    seen = story.sandbox.root / "seen"
    seen.touch(mode=0o666)
    seen.chmod(0o666)
    script = f"""
    until grep -q backup {seen}; do
      for process in /proc/[0-9]*; do
        [ "$(cat $process/comm 2>/dev/null)" != restic ] || tr "\\0" " " <$process/cmdline >>{seen}
      done
    done
    exit 1"""
    story.sandbox.with_program("pg_dump", script).fail("backup", "DR-TOOL", strategy="full")
    assert "restic backup" in seen.read_text() and "example-only" not in seen.read_text()
    assert "example-only" not in json.dumps(story.result) and "SCRAM-SHA" not in json.dumps(story.result)


def test_its_backups_are_copied_and_removed_as_those_of_any_other(story: Story) -> None:
    elsewhere = story.sandbox.other_place("elsewhere")
    target = {"target": elsewhere.options["repository"], "target_configuration_file": str(elsewhere.settings)}
    story.sandbox.succeed("backup_copy", backups=[story.backup["id"]], **target)
    [copy] = elsewhere.succeed("backup_info")["backups"]
    assert copy["size_bytes"] == story.backup["size_bytes"] and copy["errors"] == []
    newer = elsewhere.succeed("backup", strategy="full")["backup"]
    kept = elsewhere.succeed("backup_retention", policy={"keep_last": 1})
    assert [each["id"] for each in kept["kept"]] == [newer["id"]] and len(elsewhere.restic("snapshots")) == 2


def test_a_standby_gives_a_dump_as_well(story: Story) -> None:
    with standby_of(story.sandbox.server) as standby:
        assert standby.ask("SELECT pg_is_in_recovery()") is True
        there = replace(story.sandbox.other_place("standby"), server=standby)
        taken = there.succeed("backup", strategy="full")["backup"]
    assert taken["system_identifier"] == story.backup["system_identifier"] and taken["errors"] == []
