# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing the live data of a MariaDB server, and coming back from the repository and its key alone."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import Sandbox, server_of
from tests.integration.servers.process import free_port


@pytest.fixture(scope="module")
def lost(make_sandbox: MakeSandbox) -> Sandbox:
    """A server of its own, whose live data the tests replace."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name text);")
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("INSERT INTO product VALUES (20001, 'good');")
    return sandbox


@pytest.fixture(scope="module")
def identity(lost: Sandbox) -> str:
    return lost.system_identifier


@pytest.fixture(scope="module")
def good(lost: Sandbox) -> str:
    """The place in the log right after the row that is good, followed by one that is not."""
    name, position = lost.sql("SHOW MASTER STATUS").split("\t")[:2]
    lost.sql("INSERT INTO product VALUES (20002, 'bad');")
    lost.succeed("backup", strategy="transaction_log")
    return f"{name}:{position}"


def test_a_running_server_and_a_foreign_identity_are_refused(lost: Sandbox, identity: str) -> None:
    assert "confirm is missing" in lost.fail("restore", "DR-INPUT", mode="in_place")["msg"]
    other = "00000000-e8f7-11f1-a94c-02fc00000001"
    error = lost.fail("restore", "DR-TL", mode="in_place", confirm=other)
    assert other in error["msg"] and identity in error["msg"]
    error = lost.fail("restore", "DR-PRE", mode="in_place", confirm=identity)
    assert "a server is running on it" in error["msg"] and lost.is_running()


def test_a_killed_restore_leaves_the_live_path_alone(lost: Sandbox, identity: str, good: str) -> None:
    lost.stop()
    before = sorted(path.name for path in lost.data.iterdir())
    process = lost.begin("restore", mode="in_place", confirm=identity, run_id="killed")
    staged = lost.root / "data.partial-killed"
    while not staged.exists() and process.poll() is None:
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert sorted(path.name for path in lost.data.iterdir()) == before and staged.exists()


def test_a_server_that_does_not_start_gets_its_former_data_back(lost: Sandbox, identity: str, good: str) -> None:
    inode = lost.data.stat().st_ino
    engine = {"mariadb": {**lost.options["engine"]["mariadb"], "start_command": ["/bin/false"]}}
    error = lost.fail("restore", "DR-TOOL", mode="in_place", confirm=identity, run_id="r6", engine=engine)
    assert error["data_state"] == "old_live" and lost.data.stat().st_ino == inode
    assert Path(error["recovery"]["quarantine"]).is_dir()


def test_a_copy_that_gives_a_wrong_answer_is_kept_aside_and_the_live_data_stays(
    lost: Sandbox, identity: str, good: str
) -> None:
    inode = lost.data.stat().st_ino
    asked = {"name": "only the good row", "query": "SELECT COUNT(*) FROM shop.product", "expect": "7"}
    error = lost.fail("restore", "DR-INT", mode="in_place", confirm=identity, run_id="r5", checks=[asked])
    assert "only the good row: 2, not 7" in error["msg"] and lost.data.stat().st_ino == inode
    assert Path(error["recovery"]["quarantine"], "ibdata1").exists()


def test_a_restore_that_is_taken_back_leaves_the_server_as_it_was(lost: Sandbox, identity: str, good: str) -> None:
    inode = lost.data.stat().st_ino
    asked: dict[str, Any] = {"mode": "in_place", "run_id": "r6b"}
    lost.succeed("restore", **asked, confirm=identity, target={"type": "log_position", "value": good})
    assert lost.products() == ["good"]
    assert lost.succeed("restore", **asked, state="reverted")["changed"] is True
    assert lost.is_running() and lost.products() == ["good", "bad"] and lost.data.stat().st_ino == inode
    assert lost.succeed("restore", **asked, state="reverted")["changed"] is False
    lost.stop()


def test_the_live_data_is_replaced_by_proven_data_and_kept_aside(lost: Sandbox, identity: str, good: str) -> None:
    options: dict[str, Any] = {"mode": "in_place", "confirm": identity, "run_id": "r7"}
    target = {"type": "log_position", "value": good}
    asked = {"name": "only the good row", "query": "SELECT COUNT(*) FROM shop.product", "expect": "1"}
    result = lost.succeed("restore", target=target, checks=[asked], **options)
    assert lost.is_running() and lost.products() == ["good"]
    assert "tables are consistent" in result["proof"]["structure"] and "right checksum" in result["proof"]["pages"]
    assert result["proof"]["checks"][0]["observed"] == "1" and result["proof"]["not_proven"] == []
    assert result["kept"] == str(lost.root / "data.pre-r7") and Path(result["kept"], "ibdata1").exists()
    assert result["reached"]["timeline"] == 2 and result["reached"]["log_position"] == good
    # Nothing of ours stays but the history, and the server writes its log on where it was.
    assert not list(lost.data.glob(".recovery")) and not list(lost.data.glob("xtrabackup_*"))
    assert lost.sql("SELECT @@log_bin, @@skip_grant_tables IS NULL OR 1") == "1\t1"
    assert lost.succeed("restore", target=target, **options)["changed"] is False


def test_what_was_abandoned_is_never_built_upon_and_never_replayed(lost: Sandbox, identity: str, good: str) -> None:
    lost.sql("INSERT INTO product VALUES (20003, 'after the restore');")
    log = lost.succeed("backup", strategy="transaction_log")["log"]
    assert log["timeline"] == 2
    listed = lost.succeed("backup_info")
    assert [each["timeline"] for each in listed["windows"]] == [1, 2]
    beside = lost.root / "beside"
    # From the backup of before, over the fork, along the new timeline.
    port = free_port()
    lost.succeed("restore", directory=str(beside), port=port, listen_on_localhost=True)
    assert lost.sql("SELECT @@bind_address, @@port, @@skip_networking", at=beside) == f"127.0.0.1\t{port}\t0"
    assert lost.products(at=beside) == ["good", "after the restore"]
    lost.succeed("restore", directory=str(beside), state="absent")
    taken = lost.succeed("backup", strategy="incremental")
    assert taken["backup"]["strategy"] == "full" and taken["backup"]["timeline"] == 2
    assert any("abandoned" in note for note in taken["notes"])


def test_a_lost_server_comes_back_from_the_repository_and_its_key_alone(lost: Sandbox, identity: str) -> None:
    lost.sql("INSERT INTO product VALUES (20004, 'the last one');")
    lost.succeed("backup", strategy="transaction_log")
    lost.stop(number=signal.SIGKILL)
    for path in (lost.data, lost.root / "log", lost.trust, lost.settings.with_suffix(".cache")):
        shutil.rmtree(path, ignore_errors=True)
    (lost.root / "log").mkdir()
    shutil.chown(lost.root / "log", "mysql", "mysql")
    # By root this time, who gives himself up for the owner of the data wherever that is touched.
    result = lost.succeed("restore", mode="in_place", confirm=identity, user="root")
    assert {path.owner() for path in lost.data.rglob("*")} == {"mysql"}
    assert result["kept"] is None and result["reached"]["timeline"] == 3
    assert lost.products() == ["good", "after the restore", "the last one"]
    assert server_of(lost.data) is not None
    # It is protected again from here on: its log begins anew, and does not collide with the former one.
    lost.sql("INSERT INTO product VALUES (20005, 'in the new log');")
    log = lost.succeed("backup", strategy="transaction_log", user="root")["log"]
    assert log["segment"] == "mariadb-bin.000001" and log["timeline"] == 3
    beside = lost.root / "beside"
    lost.succeed("restore", directory=str(beside), user="root")
    assert lost.products(at=beside)[-1] == "in the new log"
    lost.succeed("restore", directory=str(beside), state="absent", user="root")
