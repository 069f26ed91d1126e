# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""backup_copy with MariaDB: chains and the shipped log go together, and the copy alone is enough to come back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.mariadb_backup.sandbox import Sandbox, Story
from tests.integration.mariadb_backup.test_restore import ROWS


@pytest.fixture(scope="module")
def second(story: Story) -> Sandbox:
    return story.sandbox.empty_place("second", passphrase="example-only-second-passphrase")


def target_of(second: Sandbox) -> dict[str, Any]:
    target = {"name": "second", "number": 2, "filesystem": {"path": str(second.repository)}}
    return {"target": target, "target_configuration_file": str(second.settings)}


def test_a_copy_has_the_chains_and_the_log_and_is_not_made_twice(story: Story, second: Sandbox) -> None:
    source, given = story.sandbox, target_of(second)
    names = [each["id"] for each in (story.full, story.incremental, story.differential)]
    pieces = [each["stored_as"] for each in (story.first, story.middle, story.last)]
    planned = source.succeed("backup_copy", check=True, **given)
    assert planned["changed"] is True and planned["missing"] == [*names, *pieces]
    assert list((second.repository / "snapshots").iterdir()) == []
    done = source.succeed("backup_copy", **given)
    assert done["newly_copied"] == names and done["missing"] == []
    assert [each["id"] for each in done["log"]] == pieces and all(each["copy"] for each in done["log"])
    here, there = source.succeed("backup_info"), second.succeed("backup_info", repository=given["target"])
    copies = {each["id"]: each["copy"] for each in done["copies"]}
    assert [each["chain"] for each in there["backups"]] == [[], [copies[names[0]]], [copies[names[0]]]]
    assert [each["trust"]["level"] for each in there["backups"]] == ["checked"] * 3
    assert [window_of(each) for each in there["windows"]] == [window_of(each) for each in here["windows"]]
    # A piece that is lost there comes again, and nothing else.
    second.restic("forget", done["log"][1]["copy"])
    again = source.succeed("backup_copy", **given)
    assert again["changed"] is True and again["newly_copied"] == [] and again["missing"] == []
    assert [each["copy"] == old["copy"] for each, old in zip(again["log"], done["log"], strict=True)] == [
        True,
        False,
        True,
    ]
    assert source.succeed("backup_copy", **given)["changed"] is False


def window_of(window: dict[str, Any]) -> tuple[str, str]:
    return window["from_position"], window["until_position"]


def test_a_copy_alone_brings_a_dropped_table_back(story: Story, second: Sandbox) -> None:
    story.sandbox.succeed("backup_copy", **target_of(second))
    repository = target_of(second)["target"]
    beside, away = second.root / "from-the-copy", second.root / "taken-away"
    story.sandbox.repository.rename(away)
    try:
        target = {"type": "log_position", "value": story.before_drop_position}
        result = second.succeed("restore", repository=repository, directory=str(beside), target=target)
        assert second.products(at=beside) == ROWS
        assert result["reached"]["log_position"] == story.before_drop_position
    finally:
        away.rename(story.sandbox.repository)
        second.succeed("restore", repository=repository, directory=str(beside), state="absent")
