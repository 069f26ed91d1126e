# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking backups and shipping the binary log with the real mariadb-backup and restic."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.mariadb_backup.sandbox import Story


def test_a_full_backup_is_recorded_with_what_it_needs(story: Story) -> None:
    record = story.full
    assert record["strategy"] == "full" and record["chain"] == [] and record["encrypted"] is True
    assert record["log_position"].startswith("mariadb-bin.000001:") and record["timeline"] == 1
    assert record["server_version"].startswith("10.11.") and record["errors"] == []
    assert int(record["stop_lsn"]) >= int(record["start_lsn"]) > 0
    assert record["size_bytes"] > record["stored_bytes"] > 0 and record["trust"]["level"] == "taken"


def test_an_incremental_and_a_differential_backup_name_what_they_build_on(story: Story) -> None:
    assert story.incremental["strategy"] == "incremental" and story.incremental["chain"] == [story.full["id"]]
    assert story.differential["strategy"] == "differential" and story.differential["parent"] == story.full["id"]
    assert story.incremental["changed_bytes"] < story.full["changed_bytes"]


def test_the_log_is_shipped_without_a_gap_and_its_range_is_told(story: Story) -> None:
    shipped = [story.first, story.middle, story.last]
    assert [each["segment"] for each in shipped] == [f"mariadb-bin.00000{number}" for number in (1, 2, 3)]
    assert [each["files"] for each in shipped] == [[each["segment"]] for each in shipped]
    assert story.middle["from_gtid"] == story.first["until_gtid"] and story.last["gaps"] == []
    window = story.last["window"]
    assert window["backups"] == [each["id"] for each in (story.full, story.incremental, story.differential)]
    assert window["from_position"] == story.full["log_position"]
    listed = story.sandbox.succeed("backup_info")
    assert [each["id"] for each in listed["backups"]] == window["backups"] and listed["windows"] == [window]
    assert listed["newest_recovery_point"]["at"] == story.last["ended_at"]


def test_check_mode_takes_none_and_a_new_enough_one_is_not_taken_again(story: Story) -> None:
    result = story.sandbox.succeed("backup", strategy="full", check=True)
    assert result["changed"] is True and result["backup"] is None
    result = story.sandbox.succeed("backup", strategy="differential", unless_newer_than_seconds=3600)
    assert result["changed"] is False and result["backup"]["id"] == story.differential["id"]
    result = story.sandbox.succeed("backup", strategy="transaction_log", log_segment=story.middle["segment"])
    assert result["changed"] is False and result["log"]["stored_as"] == story.middle["stored_as"]


@pytest.mark.parametrize(
    "ending",
    ["kill -9 $$", "echo 'the end' >&2; exit 0"],
    ids=["killed", "ending with 0 and without the word"],
)
def test_a_producer_that_dies_never_becomes_a_backup(story: Story, tmp_path: Path, ending: str) -> None:
    programs = story.sandbox.root / "bin"
    programs.mkdir(exist_ok=True)
    liar = programs / "mariadb-backup"
    real = "/usr/bin/mariadb-backup"
    liar.write_text(
        f'#!/bin/sh\n[ "$2" != --version ] || exec {real} "$@"\n{real} "$@" 2>/dev/null | head -c 500000\n{ending}\n'
    )
    liar.chmod(0o755)
    before = json.loads(story.sandbox.restic("snapshots", "--json"))
    sandbox = replace(story.sandbox, path=f"{programs}:{story.sandbox.path}")
    error = sandbox.fail("backup", "DR-TOOL", strategy="full")
    assert "take a full backup of stanza shop" in error["msg"]
    assert json.loads(story.sandbox.restic("snapshots", "--json")) == before


def test_a_wrong_and_an_empty_passphrase_are_named_as_such(story: Story) -> None:
    locked = story.sandbox.variation("locked", passphrase="example-only-wrong-passphrase", is_copied=False)
    for module in ("backup_info", "backup"):
        error = locked.fail(module, "DR-KEY")
        assert "passphrase" in error["next_action"] and "example-only" not in error["msg"]
    empty = story.sandbox.variation("empty", passphrase="", is_copied=False)
    empty.fail("restore", "DR-KEY", directory=str(empty.root / "refused"))
    assert not list(empty.root.glob("refused*"))


def test_a_chain_that_lost_a_member_falls_back_to_a_full_backup_and_says_so(story: Story) -> None:
    damaged = story.sandbox.variation("chain")
    damaged.restic("forget", story.full["id"])
    listed = damaged.succeed("backup_info")["backups"]
    assert [each["strategy"] for each in listed if not each["errors"]] == []
    result = damaged.succeed("backup", strategy="incremental")
    assert result["backup"]["strategy"] == "full" and any("full" in note for note in result["notes"])
    assert result["backup"]["chain"] == [] and result["backup"]["errors"] == []


def test_a_server_with_other_data_or_of_another_version_is_refused(story: Story) -> None:
    foreign = story.sandbox.variation("foreign", is_copied=False)
    engine = {"mariadb": {**foreign.options["engine"]["mariadb"], "version": "11.4"}}
    assert "10.11" in foreign.fail("backup", "DR-VER", engine=engine)["msg"]
    engine = {"mariadb": {**foreign.options["engine"]["mariadb"], "data_directory": str(foreign.root / "log")}}
    assert "works on" in foreign.fail("backup", "DR-PRE", engine=engine)["msg"]


def test_a_file_that_was_purged_before_it_was_shipped_is_named_as_a_gap(story: Story) -> None:
    """A second stanza of the same server, which sees only a part of its log."""
    sandbox = story.sandbox
    engine = {"mariadb": {**sandbox.options["engine"]["mariadb"], "stanza": "late"}}
    before = sandbox.succeed("backup", strategy="transaction_log", engine=engine)
    assert before["log"]["gaps"] == [] and before["log"]["window"] is None and "no full backup" in before["notes"][0]
    sandbox.sql("FLUSH BINARY LOGS; FLUSH BINARY LOGS;")
    last = sandbox.sql("SHOW MASTER STATUS").split("\t")[0]
    sandbox.sql(f"PURGE BINARY LOGS TO '{last}';")
    log = sandbox.succeed("backup", strategy="transaction_log", engine=engine)["log"]
    assert log["files"] == [last] and log["gaps"] == [f"between {before['log']['segment']} and {last}"]


def test_no_secret_reaches_the_result_or_a_command_line(story: Story) -> None:
    result = story.sandbox.succeed("backup_info")
    assert "example-only" not in json.dumps(result)
    assert os.stat(story.sandbox.settings).st_mode & 0o077 == 0
    story.sandbox.settings.chmod(0o644)
    try:
        assert "others may read it" in story.sandbox.fail("backup_info", "DR-PRE")["msg"]
    finally:
        story.sandbox.settings.chmod(0o600)
