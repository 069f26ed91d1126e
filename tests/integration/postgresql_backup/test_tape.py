# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tape is a way back: what pgBackRest keeps comes back from it and is restored, however often that is broken off."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
from tests.integration.postgresql_backup.sandbox import Sandbox, Story
from tests.integration.servers.process import wait_until


def tape_of(sandbox: Sandbox, device: str) -> dict[str, Any]:
    """A file in the place of a drive."""
    rows = sandbox.root / f"rows-{sandbox.trust.name}"
    options = {"device": str(sandbox.root / device), "catalogue_directory": str(rows)}
    return {"name": "cellar", "number": 9, "tape": options}


def way_back(sandbox: Sandbox, device: str) -> dict[str, Any]:
    return {"repository": tape_of(sandbox, device), "target": sandbox.options["repository"]}


@pytest.fixture
def lost(story: Story, request: pytest.FixtureRequest) -> Sandbox:
    """A repository that was written to a tape, and then lost."""
    sandbox = story.sandbox.variation(f"lost-{request.node.name}")
    device = f"tape-{request.node.name}"
    sandbox.succeed("backup_copy", target=tape_of(sandbox, device))
    shutil.rmtree(sandbox.repository)
    return sandbox


def test_a_lost_repository_comes_back_from_its_tape_and_is_restored(
    story: Story, lost: Sandbox, request: pytest.FixtureRequest
) -> None:
    device = f"tape-{request.node.name}"
    back = lost.succeed("backup_copy", **way_back(lost, device))
    assert (back["changed"], back["tape"]["source"]) == (True, str(lost.repository))
    assert lost.succeed("backup_copy", **way_back(lost, device))["changed"] is False
    listed, former = lost.succeed("backup_info"), story.sandbox.succeed("backup_info")
    assert [each["id"] for each in listed["backups"]] == [each["id"] for each in former["backups"]]
    assert listed["windows"] == former["windows"]
    directory = lost.root / "from-tape"
    target = {"type": "time", "value": story.before_drop}
    lost.succeed("restore", mode="beside", directory=str(directory), target=target, port=6432)
    assert lost.sql("SELECT count(*) FROM product;", at=directory, port=6432) == "20003"


def test_a_reading_that_was_killed_leaves_nothing_under_the_name_and_is_done_again(
    lost: Sandbox, request: pytest.FixtureRequest
) -> None:
    device = lost.root / f"tape-{request.node.name}"
    half = device.read_bytes()[: device.stat().st_size // 2]
    drive, second = lost.root / "stalled", lost.root / "stalled-again"
    for pipe in (drive, second):
        os.mkfifo(pipe, 0o644)
        shutil.chown(pipe, "postgres", "postgres")
    process = lost.begin("backup_copy", **way_back(lost, drive.name))
    # The label and the manifest are read first, and then all of it, of which only a half arrives. Each reading has a
    # pipe of its own: the end of the first is not seen in one that is opened again at once.
    with being_read(drive) as stream, suppress(BrokenPipeError):
        second.rename(drive)
        stream.write(half)
    with being_read(drive) as stream:
        stream.write(half)
        wait_until("files are there", lambda: any(parts(lost)))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert not lost.repository.exists() and any(parts(lost))
    lost.succeed("backup_copy", **way_back(lost, device.name))
    assert lost.succeed("backup_info")["backups"] != []
    assert not any(parts(lost))


def being_read(pipe: Path) -> IO[bytes]:
    """The pipe, for writing, once somebody reads from it."""
    found: list[int] = []

    def has_reader() -> bool:
        with suppress(OSError):
            found.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return found != []

    wait_until("somebody reads the pipe", has_reader, seconds=60)
    os.set_blocking(found[0], True)
    return open(found[0], "wb", buffering=0)


def parts(sandbox: Sandbox) -> list[Path]:
    """What lies beside the repository's own name."""
    return list(sandbox.root.glob(f"{sandbox.repository.name}.from-*/*"))
