# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that a server cannot be restored into: refused before anything is touched, and what was there goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kills import held_up
from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import Sandbox, as_mysql
from tests.integration.servers.mounts import bound, bytes_in, contents, require_short_of_space, with_disk


@pytest.fixture(scope="module")
def server(make_sandbox: MakeSandbox) -> Sandbox:
    """A running server of its own, backed up, with some log after that."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name text);")
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("INSERT INTO product VALUES (20001, 'in the log');")
    sandbox.succeed("backup", strategy="transaction_log")
    sandbox.succeed("backup_verify", level="checked")
    return sandbox


@contextmanager
def stopped(server: Sandbox) -> Iterator[dict[str, Any]]:
    """With the server stopped, for a restore in place, whose options these are; afterwards it runs as before."""
    identity = server.system_identifier
    server.stop()
    before = contents(server.data)
    try:
        yield {"mode": "in_place", "confirm": identity}
        assert contents(server.data) == before
    finally:
        server.start()


def seen(server: Sandbox) -> dict[str, Any]:
    """What no refusal may change: the data, the backups, and which directories and locks there are."""
    return {
        "rows": server.products(),
        "backups": [(each["id"], each["errors"]) for each in server.succeed("backup_info")["backups"]],
        "directories": sorted(path.name for path in server.root.iterdir()),
        "locks": [path.name for path in (server.repository / "locks").iterdir() if "-tmp-" not in path.name],
    }


@pytest.fixture
def refusing(server: Sandbox) -> Iterator[Sandbox]:
    """The server, of which nothing is touched by what the test asks for, and whose backup is whole afterwards."""
    before = seen(server)
    yield server
    assert seen(server) == before and before["locks"] == []
    assert server.succeed("backup_verify", level="checked")["trust"] == "checked"


def test_a_disk_that_is_too_small_for_a_copy_is_refused(refusing: Sandbox) -> None:
    # Room for all that the backup holds, but not for what a server on it makes before it answers.
    megabytes = refusing.succeed("backup_info")["backups"][0]["size_bytes"] // 1024**2 + 40
    with with_disk(refusing.root / "small", megabytes=megabytes, owner="mysql") as small:
        require_short_of_space(refusing.fail("restore", "DR-SPACE", directory=str(small / "copy")))
        assert list(small.iterdir()) == []


def test_a_disk_that_is_just_big_enough_takes_the_copy(refusing: Sandbox) -> None:
    preflight = refusing.succeed("restore", directory=str(refusing.root / "copy"), check=True)["preflight"]
    needed = next(int(each["required"].split()[0]) for each in preflight if each["check"] == "space")
    with with_disk(refusing.root / "small", megabytes=needed // 1024**2 + 1, owner="mysql") as small:
        refusing.succeed("restore", directory=str(small / "copy"))
        assert refusing.products(at=small / "copy") == ["in the log"]
        refusing.succeed("restore", directory=str(small / "copy"), state="absent")


def test_a_disk_that_is_too_small_for_a_second_server_keeps_the_first(refusing: Sandbox) -> None:
    aside = refusing.root / "aside"
    with stopped(refusing) as in_place:
        refusing.data.rename(aside)
        try:
            with with_disk(refusing.data, megabytes=bytes_in(aside) // 1024**2 + 40, owner="mysql") as disk:
                as_mysql("cp", "-a", str(aside), str(disk / "data"))
                engine = {"mariadb": {**refusing.options["engine"]["mariadb"], "data_directory": str(disk / "data")}}
                require_short_of_space(refusing.fail("restore", "DR-SPACE", engine=engine, **in_place))
                assert [path.name for path in disk.iterdir()] == ["data"]
                assert contents(disk / "data") == contents(aside)
        finally:
            aside.rename(refusing.data)


def test_where_a_server_runs_nothing_is_restored(refusing: Sandbox) -> None:
    in_place: dict[str, Any] = {"mode": "in_place", "confirm": refusing.system_identifier}
    for given in (in_place, {"directory": str(refusing.data)}):
        error = refusing.fail("restore", "DR-PRE", **given)
        assert "a server is running on it" in error["msg"] and error["data_state"] == "untouched"
    error = refusing.fail("restore", "DR-PRE", directory=str(refusing.data / "shop" / "copy"))
    assert "inside of the live data" in error["msg"]


def test_a_directory_with_foreign_content_is_refused(refusing: Sandbox) -> None:
    foreign = refusing.root / "foreign"
    foreign.mkdir()
    letter = foreign / "letter.txt"
    letter.write_text("mine")
    assert "it is not empty" in refusing.fail("restore", "DR-PRE", directory=str(foreign))["msg"]
    refusing.fail("restore", "DR-PRE", directory=str(foreign), state="absent")
    assert "it is no directory" in refusing.fail("restore", "DR-PRE", directory=str(letter))["msg"]
    assert letter.read_text() == "mine"
    letter.unlink()
    foreign.rmdir()


def test_what_is_mounted_cannot_change_places(refusing: Sandbox) -> None:
    point = refusing.root / "point"
    as_mysql("mkdir", str(point), str(refusing.root / "other"))
    with with_disk(point, megabytes=300, owner="mysql"):
        assert "is a mount point" in refusing.fail("restore", "DR-PRE", directory=str(point))["msg"]
    with bound(refusing.root / "other", point):
        assert "is a mount point" in refusing.fail("restore", "DR-PRE", directory=str(point))["msg"]
    with stopped(refusing) as in_place:
        with bound(refusing.data, refusing.data):
            assert "is a mount point" in refusing.fail("restore", "DR-PRE", **in_place)["msg"]
        with bound(refusing.data / "shop", refusing.data / "shop"):
            error = refusing.fail("restore", "DR-PRE", **in_place)
            assert f"{refusing.data}/shop is mounted inside of it" in error["msg"]
    for path in (point, refusing.root / "other"):
        path.rmdir()


def test_a_link_to_another_disk_is_not_replaced_by_data_on_this_one(refusing: Sandbox) -> None:
    elsewhere = refusing.root / "elsewhere"
    with stopped(refusing) as in_place:
        refusing.data.rename(elsewhere)
        refusing.data.symlink_to(elsewhere)
        error = refusing.fail("restore", "DR-PRE", **in_place)
        refusing.data.unlink()
        elsewhere.rename(refusing.data)
    assert f"a link to {elsewhere}" in error["msg"] and error["data_state"] == "untouched"


def test_of_two_restores_in_place_the_later_leaves_what_the_other_made(refusing: Sandbox) -> None:
    given: dict[str, Any] = {"mode": "in_place", "confirm": refusing.system_identifier}
    refusing.stop()
    late = refusing.begin("restore", run_id="late", **given)
    with held_up(late, "dump"):
        refusing.succeed("restore", run_id="early", **given)
    error = json.loads(late.communicate(timeout=60)[0].splitlines()[-1])
    assert error["error_code"] == "DR-LOCK" and "meanwhile" in error["msg"]
    assert refusing.is_running() and refusing.products() == ["in the log"]
    assert not Path(f"{refusing.data}.pre-late").exists()
    as_mysql("rm", "-r", error["recovery"]["quarantine"])
    assert refusing.succeed("restore", mode="in_place", run_id="early", state="reverted")["changed"] is True
    as_mysql("rm", "-r", f"{refusing.data}.quarantine-early")
