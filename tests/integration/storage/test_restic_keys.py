# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The beginning and the keys of a restic repository: emptied, replaced, foreign, rotated, escrowed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.storage.conftest import MakePlace
from tests.integration.storage.restic_place import PASSPHRASE, ResticPlace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_repository import ResticTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)


@pytest.fixture(scope="module")
def begun(make_place: MakePlace, tmp_path_factory: pytest.TempPathFactory) -> ResticPlace:
    path = tmp_path_factory.mktemp("begun") / "repository"
    made = make_place(filesystem={"path": str(path)}, key_id="escrow-7")
    assert made.succeed("present")["changed"] is True
    return made


@pytest.fixture
def place(begun: ResticPlace, tmp_path: Path) -> ResticPlace:
    """A copy of a repository that was begun, and of what its host knows, for a test that breaks it."""
    shutil.copytree(begun.entry["filesystem"]["path"], tmp_path / "repository")
    shutil.copytree(begun.home / "memory", tmp_path / "etc" / "memory")
    entry = {**begun.entry, "filesystem": {"path": str(tmp_path / "repository")}}
    made = replace(begun, home=tmp_path / "etc", entry=entry)
    made.write()
    return made


def test_it_is_begun_once_and_check_mode_begins_nothing(place: ResticPlace, tmp_path: Path) -> None:
    assert place.succeed("present")["changed"] is False
    elsewhere = replace(place, name="elsewhere", entry={**place.entry, "filesystem": {"path": str(tmp_path / "e")}})
    elsewhere.write()
    assert elsewhere.succeed("present", check=True)["changed"] is True
    assert not (tmp_path / "e" / "restic").exists()


def test_an_emptied_and_a_replaced_repository_are_alarms(place: ResticPlace, tmp_path: Path) -> None:
    known = place.succeed("present")["identity"]
    shutil.rmtree(tmp_path / "repository" / "restic")
    assert known in place.fail("present", "DR-REPO")["msg"]
    place.succeed_by_hand("init")
    assert known in place.fail("present", "DR-REPO")["msg"]
    accepted = place.succeed("present", accept_new_repository="the old disk died")
    assert accepted["recovery"]["accepted_new"] == "the old disk died" and accepted["identity"] != known


def test_another_passphrase_and_something_else_at_the_place_are_refused(place: ResticPlace, tmp_path: Path) -> None:
    place.key_file.write_text("another passphrase\n")
    place.fail("present", "DR-KEY")
    place.key_file.write_text("")
    place.fail("present", "DR-KEY")
    place.key_file.write_text(PASSPHRASE)
    shutil.rmtree(tmp_path / "repository" / "restic")
    shutil.rmtree(place.home / "memory")
    (tmp_path / "repository" / "restic").mkdir()
    (tmp_path / "repository" / "restic" / "holiday.jpg").touch()
    assert "holiday.jpg" in place.fail("present", "DR-PRE")["msg"]


def test_a_key_is_rotated_without_a_moment_in_which_none_opens(place: ResticPlace) -> None:
    new = "example-only-second"
    added = place.succeed("rotated", new_passphrase=new)
    assert added["changed"] is True and added["keys"] == 2
    # The one that this host itself still uses is not taken away.
    place.fail("rotated", "DR-INPUT", new_passphrase=new, old_passphrase=PASSPHRASE)
    place.key_file.write_text(new)
    assert place.succeed("rotated", new_passphrase=new, old_passphrase=PASSPHRASE)["keys"] == 1
    place.fail("escrow_proven", "DR-KEY", escrowed_passphrase=PASSPHRASE)
    assert "snapshots" not in place.succeed_by_hand("snapshots", "--json")


def test_a_lost_key_is_no_loss_with_an_escrow(place: ResticPlace, tmp_path: Path) -> None:
    place.key_file.write_text("nobody knows any more")
    before = sorted(path for path in (tmp_path / "repository").rglob("*"))
    proven = place.succeed("escrow_proven", escrowed_passphrase=PASSPHRASE)
    assert proven["escrow"]["key_id"] == "escrow-7" and proven["changed"] is False
    assert sorted(path for path in (tmp_path / "repository").rglob("*")) == before
    place.fail("escrow_proven", "DR-KEY", escrowed_passphrase="guessed")


def test_restic_itself_can_show_that_it_may_write_and_remove(place: ResticPlace, tmp_path: Path) -> None:
    locks = tmp_path / "repository" / "restic" / "locks"
    tool_for(place, 30).write_and_remove()
    assert list(locks.iterdir()) == []
    locks.rmdir()
    locks.touch()
    with pytest.raises(RecoveryError):
        tool_for(place, 3).write_and_remove()


def tool_for(place: ResticPlace, seconds: float) -> ResticTool:
    repository = open_repository(read_entry(place.name, place.entry))
    file = str(place.environment_file)
    return ResticTool(repository, stanza="web", configuration_file=file, deadline=Deadline(seconds))
