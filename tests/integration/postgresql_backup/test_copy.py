# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""backup_copy with pgBackRest: an exact copy that is whole, proven, and not made twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.sandbox import Sandbox, Story
from tests.integration.servers.postgresql import as_postgres


@pytest.fixture(scope="module")
def second(story: Story) -> Sandbox:
    """An empty place with a configuration of its own."""
    varied = replace(
        story.sandbox,
        configuration_file=story.sandbox.root / "second.conf",
        repository=story.sandbox.root / "second",
        trust=story.sandbox.root / "trust-second",
    )
    varied.write_tool_configuration()
    return varied


def target_of(sandbox: Sandbox) -> dict[str, Any]:
    target = {**sandbox.options["repository"], "name": "second"}
    return {"target": target, "target_configuration_file": str(sandbox.configuration_file)}


def test_a_copy_is_whole_checked_and_not_made_twice(story: Story, second: Sandbox) -> None:
    source, given = story.sandbox, target_of(second)
    names = [story.full["id"], story.incremental["id"]]
    planned = source.succeed("backup_copy", check=True, **given)
    assert planned["changed"] is True and planned["missing"] == names and not second.repository.exists()
    done = source.succeed("backup_copy", **given)
    assert done["newly_copied"] == names and done["missing"] == []
    assert source.succeed("backup_copy", **given)["changed"] is False
    here, there = source.succeed("backup_info"), second.succeed("backup_info", repository=given["target"])
    assert [each["id"] for each in there["backups"]] == names and there["windows"] == here["windows"]


def test_a_copy_that_lost_a_file_is_found_and_mended(story: Story, second: Sandbox) -> None:
    source, given = story.sandbox, target_of(second)
    source.succeed("backup_copy", **given)
    lost = second.file_of_backup(story.full["id"])
    lost.unlink()
    again = source.succeed("backup_copy", **given)
    # The incremental one needs the same file.
    assert again["newly_copied"] == [story.full["id"], story.incremental["id"]] and lost.exists()
    second.segment(story.middle_segment).unlink()
    assert source.succeed("backup_copy", **given)["changed"] is True
    assert second.segment(story.middle_segment).exists()


def test_a_repository_with_backups_of_its_own_is_not_overwritten(story: Story, second: Sandbox) -> None:
    source = story.sandbox.variation("shorter")
    story.sandbox.succeed("backup_copy", **target_of(second))
    policy = {"keep_last": 1, "minimum_proven": 0}
    # Here the incremental backup is gone, there it is: nothing says that its loss was wanted.
    as_postgres(
        "pgbackrest",
        f"--config={source.configuration_file}",
        "--stanza=orders",
        "--repo=1",
        "expire",
        f"--set={story.incremental['id']}",
    )
    assert len(source.succeed("backup_retention", policy=policy)["kept"]) == 1
    lost = second.file_of_backup(story.full["id"])
    lost.unlink()
    error = source.fail("backup_copy", "DR-PRE", **target_of(second))
    assert story.incremental["id"] in error["msg"]
    story.sandbox.succeed("backup_copy", **target_of(second))


def test_another_passphrase_at_the_target_is_said(story: Story, second: Sandbox) -> None:
    other = replace(second, configuration_file=second.root / "other.conf", repository=second.root / "other")
    other.write_tool_configuration("another-passphrase")
    story.sandbox.fail("backup_copy", "DR-KEY", **target_of(other))


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ({"filesystem": {"path": "{repository}"}}, "DR-INPUT", "is the one that is copied"),
        ({"s3": {"endpoint": "s3.example", "bucket": "b", "region": "r"}}, "DR-PRE", "pgBackRest copies no backups"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_the_way_that_works(
    story: Story, target: dict[str, Any], code: str, words: str
) -> None:
    kind = {
        name: {key: value.format(repository=story.sandbox.repository) for key, value in options.items()}
        for name, options in target.items()
    }
    error = story.sandbox.fail("backup_copy", code, target={"name": "second", "number": 2, **kind})
    assert words in error["msg"]


def test_a_tape_holds_the_repository_as_it_is_and_is_read_back(story: Story) -> None:
    source = story.sandbox.variation("taped")
    device = Path(source.root / "tape")
    tape = {"device": str(device), "catalogue_directory": str(source.root / "tapes")}
    target = {"name": "tape", "number": 9, "tape": tape}
    first = source.succeed("backup_copy", target=target)
    assert (
        first["tape"]["read_back_at"] and first["missing"] == [] and first["copies"][0]["copy"] == first["tape"]["id"]
    )
    assert first["newly_copied"] == [each["id"] for each in first["copies"]] != []
    again = source.succeed("backup_copy", target=target)
    assert (again["changed"], again["newly_copied"]) == (False, [])
    source.file_of_backup(story.full["id"]).unlink()
    assert first["tape"]["id"] in source.fail("backup_copy", "DR-PRE", target=target)["msg"]
    second = source.succeed("backup_copy", target=target, replaces_tape=first["tape"]["id"])
    assert second["tape"]["files"] == first["tape"]["files"] - 1
