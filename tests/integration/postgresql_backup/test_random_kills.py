# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever is killed, at whatever moment: the next run works and ends what was left, former backups are whole."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kills import COUNT, Kill, Stopwatch, held_up, kills
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    made = make_sandbox()
    made.sql("CREATE TABLE product AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 20000) i;")
    made.succeed("backup", strategy="full")
    return made


def ids(sandbox: Sandbox) -> list[str]:
    return [each["id"] for each in sandbox.succeed("backup_info")["backups"] if not each["errors"]]


def test_a_backup_that_is_killed_costs_nothing_but_itself(sandbox: Sandbox) -> None:
    with Stopwatch() as usual:
        sandbox.succeed("backup", strategy="full")
    for kill in kills():
        before = ids(sandbox)
        kill.strike(sandbox.begin("backup", strategy="full"), usual.seconds)
        assert set(before) <= set(ids(sandbox))
        sandbox.succeed("backup", strategy="differential")
    sandbox.succeed("backup_verify", backups=ids(sandbox))


def test_a_proof_that_is_killed_is_cleared_by_the_next_one(sandbox: Sandbox) -> None:
    scratch = sandbox.root / "scratch"
    given: dict[str, Any] = {"level": "restored", "scratch_directory": str(scratch)}
    first, last = ids(sandbox)[0], ids(sandbox)[-1]
    with Stopwatch() as usual:
        sandbox.succeed("backup_verify", backup=last, **given)
    for kill in (Kill("module", 0.8, 0.0), *kills(COUNT - 2)):
        kill.strike(sandbox.begin("backup_verify", backup=last, **given), usual.seconds)
        left = [each.parent for each in scratch.rglob("postmaster.pid")]
        # What a dead one left, its server as well, is ended by the next proof of any of these backups.
        assert sandbox.succeed("backup_verify", backup=first, **given)["trust"] == "restored"
        assert list(scratch.iterdir()) == []
        assert not any(runs_on(each) for each in left)


def test_of_two_backups_at_once_the_second_is_refused_and_the_first_is_whole(sandbox: Sandbox) -> None:
    sandbox.succeed("backup", strategy="full")
    before = ids(sandbox)
    first = sandbox.begin("backup", strategy="full")
    with held_up(first, "backup", once=lambda: locks(sandbox) != []):
        assert sandbox.fail("backup", "DR-LOCK", strategy="full")["data_state"] == "untouched"
        sandbox.fail("backup_retention", "DR-LOCK", policy={"keep_last": 1, "minimum_proven": 0})
    taken = json.loads(first.communicate(timeout=60)[0].splitlines()[-1])["backup"]["id"]
    assert ids(sandbox) == [*before, taken] and locks(sandbox) == []


def test_the_lock_of_a_dead_process_is_in_nobodys_way(sandbox: Sandbox) -> None:
    before = ids(sandbox)
    first = sandbox.begin("backup", strategy="full")
    with held_up(first, "backup", once=lambda: locks(sandbox) != []) as tool:
        assert sandbox.succeed("backup_info")["backup_running"] is True
        os.kill(tool, signal.SIGKILL)
    assert json.loads(first.communicate(timeout=60)[0].splitlines()[-1])["failed"] is True
    assert locks(sandbox) != [] and ids(sandbox) == before
    assert sandbox.succeed("backup_info")["backup_running"] is False
    taken = sandbox.succeed("backup", strategy="full")["backup"]["id"]
    assert ids(sandbox) == [*before, taken] and locks(sandbox) == []


def locks(sandbox: Sandbox) -> list[str]:
    return [path.name for path in sandbox.root.glob("lock-*/*")]


def runs_on(directory: Path) -> bool:
    """Whether a server's working directory is that one, which may be gone."""
    names = (str(directory), f"{directory} (deleted)")
    return any(_target(link) in names for link in Path("/proc").glob("[0-9]*/cwd"))


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
