# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a list tells of a backup stands in its record: a host that knows nothing reads it, and a garbled one is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import Sandbox

# These grow while they are looked at.
AGES = ("age_seconds", "proven_age_seconds")


def told(sandbox: Sandbox) -> list[dict[str, Any]]:
    backups = sandbox.succeed("backup_info")["backups"]
    return [{name: value for name, value in each.items() if name not in AGES} for each in backups]


def forget_all(sandbox: Sandbox) -> None:
    """The host knows nothing any more of what it saw and stored."""
    shutil.rmtree(sandbox.cache)
    sandbox.cache.mkdir()


def another_host(sandbox: Sandbox) -> Sandbox:
    """The same repository, seen by a host with a memory of its own."""
    other = replace(sandbox, name="other")
    other.cache.mkdir(parents=True)
    other.trust.mkdir(parents=True)
    other.write_settings()
    text = other.configuration_file.read_text().replace(str(other.repository), str(sandbox.repository))
    other.configuration_file.write_text(text)
    return other


def record_snapshots(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The records by the set that each is of."""
    listed = json.loads(sandbox.restic("snapshots", "--json"))
    records = [each for each in listed if "part=record" in each["tags"]]
    return {tag.partition("=")[2]: each for each in records for tag in each["tags"] if tag.startswith("set=")}


def test_a_host_that_lost_all_it_knew_lists_the_same(sandbox: Sandbox) -> None:
    for strategy in ("full", "incremental", "full"):
        sandbox.backup(strategy)
    known = told(sandbox)
    assert len(known) == 3
    assert all(
        each["size_bytes"] and each["stored_bytes"] and each["stopped_at"] > each["started_at"] for each in known
    )
    forget_all(sandbox)
    assert told(sandbox) == known


def test_the_newest_record_alone_tells_of_all_before_it(sandbox: Sandbox) -> None:
    taken = [sandbox.backup("full") for _number in range(3)]
    newest = max(record_snapshots(sandbox).values(), key=lambda each: str(each["time"]))
    figures = json.loads(sandbox.restic("dump", newest["id"], "/record.json"))["figures"]
    assert sorted(int(each["size"]) for each in figures.values()) == sorted(each["size_bytes"] for each in taken)
    assert set(figures) == set(record_snapshots(sandbox))


def test_backups_are_listed_as_before_when_the_newest_is_gone(sandbox: Sandbox) -> None:
    for _number in range(3):
        sandbox.backup("full")
    known = told(sandbox)
    newest = max(record_snapshots(sandbox).values(), key=lambda each: str(each["time"]))
    sandbox.restic("forget", newest["id"], known[-1]["id"])
    forget_all(sandbox)
    assert told(sandbox) == known[:-1]


def test_another_host_lists_what_was_taken_since_it_looked(sandbox: Sandbox) -> None:
    other = another_host(sandbox)
    sandbox.backup()
    assert len(told(other)) == 1
    sandbox.backup()
    sandbox.backup()
    repository = {"repository": "other"}
    assert told(other) == [{**each, **repository} for each in told(sandbox)]


@pytest.mark.parametrize("what_is_left", ["", "lost", "damaged"])
def test_what_a_host_remembers_is_read_again_when_it_cannot_be_used(sandbox: Sandbox, what_is_left: str) -> None:
    sandbox.backup()
    known = told(sandbox)
    (memory,) = sandbox.cache.glob("*.figures")
    assert json.loads(memory.read_text())
    for kept in sandbox.cache.glob("*.record"):
        kept.unlink()
    memory.write_text(what_is_left)
    if what_is_left == "lost":
        memory.unlink()
    assert told(sandbox) == known
    assert json.loads(memory.read_text())


def store_instead(sandbox: Sandbox, record: dict[str, Any], text: str) -> None:
    """Another record in the place of this one, under the same tags."""
    file = Path(sandbox.root / "instead")
    file.write_text(text)
    tags = [word for tag in record["tags"] for word in ("--tag", tag)]
    words = 'set -a; . "$1"; shift; exec restic backup -q --stdin --stdin-filename record.json "$@" < "$0"'
    subprocess.run(["sh", "-c", words, str(file), str(sandbox.configuration_file), *tags], check=True)
    sandbox.restic("forget", record["id"])


def test_a_backup_whose_record_is_cut_off_is_not_used_and_the_others_are(sandbox: Sandbox) -> None:
    sound = sandbox.backup()
    before = set(record_snapshots(sandbox))
    cut = sandbox.backup()
    ((_set_id, record),) = [each for each in record_snapshots(sandbox).items() if each[0] not in before]
    text = sandbox.restic("dump", record["id"], "/record.json")
    store_instead(sandbox, record, text[: len(text) // 2])
    forget_all(sandbox)
    assert sandbox.ids() == [sound["id"]]
    (listed,) = [each for each in told(sandbox) if each["id"] == cut["id"]]
    assert "its record cannot be read" in listed["errors"][0]
    _place, restored = sandbox.restore_beside("beside")
    assert restored["backup"]["id"] == sound["id"]
    sandbox.fail("restore", "DR-REPO", mode="beside", directory=str(sandbox.root / "cut"), backup=cut["id"])
