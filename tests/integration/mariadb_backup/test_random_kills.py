# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever is killed, at whatever moment: no server of ours goes on, the next run works, former backups are whole."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kills import COUNT, Kill, Stopwatch, descendants, is_module, kills
from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import Sandbox, server_of
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import order_end


@pytest.fixture(scope="module")
def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    made = make_sandbox()
    made.sql("CREATE TABLE product (id int PRIMARY KEY, name text);")
    made.sql("INSERT INTO product SELECT seq, md5(seq) FROM seq_1_to_20000;")
    made.succeed("backup", strategy="full")
    made.sql("INSERT INTO product VALUES (20001, 'in the log');")
    made.succeed("backup", strategy="transaction_log")
    return made


def ids(sandbox: Sandbox) -> list[str]:
    return [each["id"] for each in sandbox.succeed("backup_info")["backups"] if not each["errors"]]


def servers_on_copies(sandbox: Sandbox) -> list[Path]:
    """Every directory but the live one that a server works on."""
    found = [control.parent for control in sandbox.root.rglob("aria_log_control")]
    return [directory for directory in found if directory != sandbox.data and server_of(directory) is not None]


def has_data_open(scratch: Path) -> bool:
    """Whether a server below has come so far, by its own word."""
    return any("Loading buffer pool" in log.read_text() for log in scratch.glob("*/.recovery/server.log"))


def test_a_backup_that_is_killed_costs_nothing_but_itself(sandbox: Sandbox) -> None:
    with Stopwatch() as usual:
        sandbox.succeed("backup", strategy="full")
    for kill in kills(COUNT - 1):
        before = ids(sandbox)
        kill.strike(sandbox.begin("backup", strategy="full"), usual.seconds)
        assert set(before) <= set(ids(sandbox))
        sandbox.succeed("backup", strategy="incremental")
    sandbox.succeed("backup_verify", backups=ids(sandbox))
    assert [name for name in (sandbox.repository / "locks").iterdir() if "-tmp-" not in name.name] == []


def test_a_proof_that_is_killed_leaves_no_server_behind(sandbox: Sandbox) -> None:
    scratch = sandbox.root / "scratch"
    given: dict[str, Any] = {"level": "restored", "scratch_directory": str(scratch)}
    with Stopwatch() as usual:
        sandbox.succeed("backup_verify", **given)
    # The first of them certainly comes while the server works.
    for kill in (Kill("module", 0.8, 0.0), *kills(COUNT - 2)):
        kill.strike(sandbox.begin("backup_verify", **given), usual.seconds)
        wait_until("no server works on a copy", lambda: servers_on_copies(sandbox) == [])
        assert sandbox.succeed("backup_verify", **given)["trust"] == "restored"
        assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("user", ["mysql", "root"])
def test_a_server_that_is_still_starting_as_its_proof_is_killed_ends_as_well(sandbox: Sandbox, user: str) -> None:
    """Asked to end with its data open and before it listens, MariaDB would hang for good."""
    scratch = sandbox.root / "scratch"
    given: dict[str, Any] = {"level": "restored", "scratch_directory": str(scratch)}
    proof = sandbox.begin("backup_verify", user=user, **given)
    wait_until("its server has opened the data", lambda: has_data_open(scratch), seconds=30, every_seconds=0.001)
    order_end(next(each for each in descendants(proof.pid) if is_module(each)), signal.SIGKILL)
    proof.communicate(timeout=60)
    wait_until("no server works on a copy", lambda: servers_on_copies(sandbox) == [])
    sandbox.succeed("backup_verify", user=user, **given)
    assert list(scratch.iterdir()) == []


def test_a_restore_beside_that_is_killed_is_made_anew_by_the_next(sandbox: Sandbox) -> None:
    beside = sandbox.root / "beside"
    given: dict[str, Any] = {"directory": str(beside)}
    with Stopwatch() as usual:
        sandbox.succeed("restore", **given)
    sandbox.succeed("restore", directory=str(beside), state="absent")
    for number, kill in enumerate(kills(COUNT - 1)):
        given["run_id"] = f"r{number}"
        kill.strike(sandbox.begin("restore", **given), usual.seconds)
        sandbox.succeed("restore", **given)
        assert sandbox.products(at=beside) == ["in the log"]
        assert servers_on_copies(sandbox) == [beside]
        sandbox.succeed("restore", directory=str(beside), state="absent")
    assert sandbox.is_running() and sandbox.products() == ["in the log"]
