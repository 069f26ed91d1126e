# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What restored files are asked before they take the place of the live ones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import HOST, Sandbox

IN_PLACE: dict[str, Any] = {"mode": "in_place", "confirm": HOST, "run_id": "p1"}


@pytest.fixture
def other_disk(sandbox: Sandbox) -> Iterator[Path]:
    """A directory on a disk of its own, with a file."""
    directory = sandbox.root / "other"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(directory)], check=True)
    (directory / "data").mkdir()
    (directory / "data" / "letter").write_text("dear reader\n")
    yield directory / "data"
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


def test_a_tree_that_gives_a_wrong_answer_is_kept_aside_and_the_live_one_stays(sandbox: Sandbox) -> None:
    sandbox.backup()
    settings = sandbox.source / "settings.conf"
    settings.write_text("port = 666\n")
    wrong = {"name": "it listens for the shop", "path": str(settings), "pattern": "^port = 7$"}
    error = sandbox.fail("restore", "DR-INT", checks=[wrong], **IN_PLACE)
    assert "it listens for the shop: no match" in error["msg"] and error["data_state"] == "old_live"
    assert settings.read_text() == "port = 666\n"
    [apart] = error["recovery"]["quarantine"]
    assert Path(f"{apart}{settings}").read_text() != "port = 666\n"
    assert not list(sandbox.root.glob(".recovery-partial-*"))


def test_questions_are_about_all_paths_on_whatever_disk_they_lie(sandbox: Sandbox, other_disk: Path) -> None:
    both = sandbox.saying(paths=[str(sandbox.source), str(other_disk)])
    both.backup()
    (other_disk / "letter").write_text("lost\n")
    asked = [
        {"name": "there are settings", "path": str(sandbox.source / "settings.conf")},
        {"name": "there is a letter", "command": ["grep", "-r", "dear reader", f".{other_disk}"]},
    ]
    done = both.succeed("restore", checks=asked, **IN_PLACE)
    assert [each["passed"] for each in done["proof"]["checks"]] == [True, True]
    assert "every file was read back" in done["proof"]["structure"] and done["proof"]["not_proven"] == []
    assert (other_disk / "letter").read_text() == "dear reader\n"
    assert both.succeed("restore", checks=asked, **IN_PLACE)["proof"] == done["proof"]


def test_a_part_is_not_asked_what_only_the_whole_can_answer(sandbox: Sandbox) -> None:
    sandbox.backup()
    settings = sandbox.source / "settings.conf"
    asked = [{"name": "there are pages", "path": str(sandbox.source / "pages")}]
    done = sandbox.succeed("restore", checks=asked, select={"paths": [str(settings)]}, **IN_PLACE)
    assert done["proof"]["checks"] == []
    assert done["notes"][-1] == "Not proven: that it gives the right answers, for only some of its paths were restored"
