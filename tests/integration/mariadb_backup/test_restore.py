# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring a MariaDB server beside: whole, in part, and to a chosen moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.mariadb_backup.sandbox import Story, as_mysql

ROWS = [
    "after the full backup",
    "in the second piece of the log",
    "after the incremental backup",
    "after the differential backup",
]


@pytest.fixture
def beside(story: Story) -> Iterator[Path]:
    """A place for a copy, which is removed with whatever runs there."""
    directory = story.sandbox.root / "beside"
    yield directory
    story.sandbox.succeed("restore", directory=str(directory), state="absent")
    assert not directory.exists() and not story.sandbox.is_running(directory)


def test_a_dropped_table_comes_back_as_it_was_the_moment_before(story: Story, beside: Path) -> None:
    sandbox = story.sandbox
    given: dict[str, Any] = {"directory": str(beside), "target": {"type": "time", "value": story.before_drop}}
    result = sandbox.succeed("restore", **given)
    assert sandbox.products(at=beside) == ROWS
    assert result["backup"]["id"] == story.differential["id"]
    assert result["reached"]["log_position"] == story.before_drop_position
    assert story.before_drop_gtid in result["reached"]["by"] and result["reached"]["at"] < story.before_drop
    checks = {each["check"] for each in result["preflight"]}
    assert checks == {"backup", "chain", "window", "log", "timeline", "version", "identity", "space"}
    # Accounts were replayed as well; nobody reaches it over the network, nothing runs in it, and it ships no log.
    assert sandbox.sql("SELECT COUNT(*) FROM mysql.user WHERE user = 'clerk'", at=beside) == "1"
    assert sandbox.sql("SELECT @@skip_networking, @@event_scheduler, @@log_bin", at=beside) == "1\tOFF\t0"
    sandbox.sql("CREATE TABLE scratch_only (id int)", at=beside)
    again = sandbox.succeed("restore", **given)
    assert again["changed"] is False and again["reached"] == result["reached"]
    error = sandbox.fail("restore", "DR-PRE", directory=str(beside))
    assert "a server is running on it" in error["msg"]


def test_a_replay_over_several_shipments_ends_exactly_at_a_transaction(story: Story, beside: Path) -> None:
    sandbox = story.sandbox
    given: dict[str, Any] = {"directory": str(beside), "backup": story.full["id"], "keep_running": False}
    result = sandbox.succeed("restore", target={"type": "gtid", "value": story.before_drop_gtid}, **given)
    assert not sandbox.is_running(beside)
    assert result["reached"]["log_position"] == story.before_drop_position
    assert story.before_drop_gtid in result["reached"]["by"]


def test_one_table_and_one_database_are_taken_out_of_a_copy(story: Story, beside: Path) -> None:
    sandbox = story.sandbox
    result = sandbox.succeed(
        "restore",
        directory=str(beside),
        target={"type": "log_position", "value": story.before_drop_position},
        select={"tables": ["shop.product"], "databases": ["shop"]},
        keep_running=False,
    )
    assert sorted(path.name for path in beside.iterdir()) == ["shop.product.sql", "shop.sql"]
    assert result["reached"]["log_position"] == story.before_drop_position
    assert result["notes"][0] == "The view shop.broken refers to what is not there, and is not in the dump"
    # It goes into a database of its own; where such a table is already, nothing is overwritten.
    sandbox.sql("CREATE DATABASE rescued")
    load = ["mariadb", "--no-defaults", f"--socket={sandbox.root}/s.sock", "rescued"]
    as_mysql(*load, stdin=(beside / "shop.product.sql").read_text())
    assert sandbox.sql("SELECT COUNT(*) FROM rescued.product") == "20004"
    with pytest.raises(AssertionError, match="already exists"):
        as_mysql(*load, stdin=(beside / "shop.product.sql").read_text())
    sandbox.sql("DROP DATABASE rescued")


def test_a_part_that_is_not_there_or_goes_in_place_is_refused(story: Story) -> None:
    sandbox, directory = story.sandbox, story.sandbox.root / "refused"
    for select, words in (
        ({"tables": ["product"]}, "names no table"),
        ({"paths": ["/etc"]}, "cannot restore alone any paths"),
    ):
        error = sandbox.fail("restore", "DR-INPUT", directory=str(directory), select=select)
        assert words in error["msg"]
    error = sandbox.fail("restore", "DR-INPUT", mode="in_place", confirm="x", select={"databases": ["shop"]})
    assert "beside" in error["msg"] and not list(sandbox.root.glob("refused*"))


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ({"type": "time", "value": "2026-01-02 03:04:05"}, "DR-INPUT", "has no zone"),
        ({"type": "time", "value": "2001-01-02T03:04:05Z"}, "DR-WAL", "outside of what can be recovered"),
        ({"type": "log_position", "value": "mariadb-bin.000099:4"}, "DR-WAL", "outside of what can be recovered"),
        ({"type": "gtid", "value": "0-7-99999"}, "DR-WAL", "outside of what can be recovered"),
        ({"type": "name", "value": "before_the_release"}, "DR-INPUT", "mariadb cannot recover to"),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused_before_anything_is_touched(
    story: Story, target: dict[str, Any], code: str, words: str
) -> None:
    directory = story.sandbox.root / "refused"
    error = story.sandbox.fail("restore", code, directory=str(directory), target=target, check=True)
    assert words in error["msg"] and error["data_state"] == "untouched"
    assert not list(story.sandbox.root.glob("refused*"))


def test_a_missing_piece_of_the_log_shows_as_two_windows_and_no_target_between_is_accepted(story: Story) -> None:
    damaged = story.sandbox.variation("gap")
    damaged.restic("forget", story.middle["stored_as"])
    windows = damaged.succeed("backup_info")["windows"]
    assert [len(each["backups"]) for each in windows] == [1, 2]
    target = {"type": "log_position", "value": story.middle["lsn"]}
    error = damaged.fail("restore", "DR-WAL", directory=str(damaged.root / "refused"), target=target)
    assert windows[0]["until_position"] in error["msg"] and windows[1]["from_position"] in error["msg"]
    assert not list(damaged.root.glob("refused*"))


def test_a_position_inside_of_a_transaction_is_refused_and_the_nearest_ones_are_named(story: Story) -> None:
    name, _colon, offset = story.before_drop_position.partition(":")
    target = {"type": "log_position", "value": f"{name}:{int(offset) - 10}"}
    error = story.sandbox.fail("restore", "DR-INPUT", directory=str(story.sandbox.root / "inside"), target=target)
    assert "inside of transaction" in error["msg"] and story.before_drop_position in error["msg"]
    assert not (story.sandbox.root / "inside").exists()
