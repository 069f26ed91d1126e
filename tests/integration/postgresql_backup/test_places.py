# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that a cluster cannot be restored into: refused before anything is touched, and what was there goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kills import held_up
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.mounts import bound, bytes_in, contents, require_short_of_space, with_disk
from tests.integration.servers.postgresql import as_postgres


@pytest.fixture(scope="module")
def cluster(make_sandbox: MakeSandbox) -> Sandbox:
    """A running cluster of its own with a tablespace outside of its data directory, backed up."""
    sandbox = make_sandbox()
    as_postgres("mkdir", str(sandbox.root / "far"))
    sandbox.sql(f"CREATE TABLESPACE far LOCATION '{sandbox.root}/far';")
    sandbox.sql("CREATE TABLE product TABLESPACE far AS SELECT i AS id FROM generate_series(1, 1000) i;")
    sandbox.succeed("backup", strategy="full")
    sandbox.succeed("backup_verify", level="checked")
    return sandbox


@contextmanager
def stopped(cluster: Sandbox) -> Iterator[dict[str, Any]]:
    """With the cluster stopped, for a restore in place, whose options these are; afterwards it runs as before."""
    cluster.stop()
    before = contents(cluster.data)
    try:
        yield {"mode": "in_place", "confirm": cluster.system_identifier}
        assert contents(cluster.data) == before
    finally:
        cluster.start()


def seen(cluster: Sandbox) -> dict[str, Any]:
    """What no refusal may change: the data, the backups, and which directories and locks there are."""
    return {
        "rows": cluster.sql("SELECT count(*) FROM product"),
        "backups": [(each["id"], each["errors"]) for each in cluster.succeed("backup_info")["backups"]],
        "directories": sorted(str(path) for path in (*cluster.root.iterdir(), *cluster.data.parent.iterdir())),
        "tablespace": sorted(contents(cluster.root / "far")),
        "locks": [str(path) for path in cluster.root.glob("lock-*/*")],
    }


@pytest.fixture
def refusing(cluster: Sandbox) -> Iterator[Sandbox]:
    """The cluster, of which nothing is touched by what the test asks for, and whose backup is whole afterwards."""
    before = seen(cluster)
    yield cluster
    assert seen(cluster) == before and before["locks"] == []
    assert cluster.succeed("backup_verify", level="checked")["trust"] == "checked"


def test_a_disk_that_is_too_small_for_a_copy_is_refused(refusing: Sandbox) -> None:
    # Room for all that the backup holds, but not for the log that the server writes to get going.
    megabytes = refusing.succeed("backup_info")["backups"][0]["size_bytes"] // 1024**2 + 10
    with with_disk(refusing.root / "small", megabytes=megabytes, owner="postgres") as small:
        require_short_of_space(refusing.fail("restore", "DR-SPACE", directory=str(small / "copy")))
        assert list(small.iterdir()) == []


def test_a_disk_that_is_just_big_enough_takes_the_copy(refusing: Sandbox) -> None:
    preflight = refusing.succeed("restore", directory=str(refusing.root / "copy"), check=True)["preflight"]
    needed = next(int(each["required"].split()[0]) for each in preflight if each["check"] == "space")
    with with_disk(refusing.root / "small", megabytes=needed // 1024**2 + 1, owner="postgres") as small:
        refusing.succeed("restore", directory=str(small / "copy"), port=5433)
        assert refusing.sql("SELECT count(*) FROM product", at=small / "copy", port=5433) == "1000"
        refusing.succeed("restore", directory=str(small / "copy"), state="absent")


def test_a_disk_that_is_too_small_for_a_second_cluster_keeps_the_first(refusing: Sandbox) -> None:
    home, aside = refusing.data.parent, refusing.root / "aside"
    with stopped(refusing) as in_place:
        home.rename(aside)
        try:
            with with_disk(home, megabytes=bytes_in(aside) // 1024**2 + 20, owner="postgres"):
                as_postgres("cp", "-a", str(aside / "main"), str(home))
                require_short_of_space(refusing.fail("restore", "DR-SPACE", **in_place))
                assert [path.name for path in home.iterdir()] == ["main"]
                refusing.start()
                assert refusing.sql("SELECT count(*) FROM product") == "1000"
                refusing.stop()
        finally:
            aside.rename(home)


def test_where_a_server_runs_nothing_is_restored(refusing: Sandbox) -> None:
    in_place: dict[str, Any] = {"mode": "in_place", "confirm": refusing.system_identifier}
    for given in (in_place, {"directory": str(refusing.data)}):
        error = refusing.fail("restore", "DR-PRE", **given)
        assert "a server is running on it" in error["msg"] and error["data_state"] == "untouched"
    error = refusing.fail("restore", "DR-PRE", directory=str(refusing.data / "base" / "copy"))
    assert "inside of the live data" in error["msg"]


def test_what_is_mounted_cannot_change_places(refusing: Sandbox) -> None:
    point = refusing.root / "point"
    as_postgres("mkdir", str(point), str(refusing.root / "other"))
    with with_disk(point, megabytes=200, owner="postgres"):
        assert "is a mount point" in refusing.fail("restore", "DR-PRE", directory=str(point))["msg"]
    with bound(refusing.root / "other", point):
        assert "is a mount point" in refusing.fail("restore", "DR-PRE", directory=str(point))["msg"]
    with stopped(refusing) as in_place:
        with bound(refusing.data, refusing.data):
            assert "is a mount point" in refusing.fail("restore", "DR-PRE", **in_place)["msg"]
        with bound(refusing.data / "pg_wal", refusing.data / "pg_wal"):
            error = refusing.fail("restore", "DR-PRE", **in_place)
            assert f"{refusing.data}/pg_wal is mounted inside of it" in error["msg"]
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
    file = refusing.root / "file"
    file.touch()
    assert "it is no directory" in refusing.fail("restore", "DR-PRE", directory=str(file))["msg"]
    file.unlink()


def test_a_place_for_tablespaces_that_is_somebodys_is_refused(refusing: Sandbox) -> None:
    foreign = refusing.root / "copy.tablespaces-r1"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("mine")
    error = refusing.fail("restore", "DR-PRE", directory=str(refusing.root / "copy"), run_id="r1")
    assert str(foreign) in error["msg"] and (foreign / "letter.txt").read_text() == "mine"
    (foreign / "letter.txt").unlink()
    foreign.rmdir()


def test_a_copy_has_tablespaces_of_its_own_and_takes_them_with_it(refusing: Sandbox) -> None:
    copy = refusing.root / "copy"
    for run_id in ("r1", "r2"):
        given: dict[str, Any] = {"directory": str(copy), "port": 5433, "run_id": run_id, "keep_running": run_id == "r2"}
        result = refusing.succeed("restore", **given)
        own = refusing.root / f"copy.tablespaces-{run_id}"
        assert list(refusing.root.glob("copy.*-*")) == [own] and str(own) in result["notes"][0]
    assert refusing.sql("SELECT count(*) FROM product", at=copy, port=5433) == "1000"
    refusing.succeed("restore", directory=str(copy), state="absent")


def test_a_copy_that_fails_is_set_apart_with_its_tablespaces(refusing: Sandbox) -> None:
    given: dict[str, Any] = {"directory": str(refusing.root / "copy"), "run_id": "r1"}
    error = refusing.fail("restore", "DR-WAL", target={"type": "xid", "value": "4000000000"}, **given)
    apart = [Path(error["recovery"]["quarantine"]), refusing.root / "copy.quarantine-r1.tablespaces"]
    assert sorted(refusing.root.glob("copy.*-*")) == apart
    for path in (*apart, refusing.root / "copy.recovery.json"):
        as_postgres("rm", "-r", str(path))


def test_of_two_restores_to_one_place_the_later_leaves_the_copy_of_the_other(refusing: Sandbox) -> None:
    copy = refusing.root / "copy"
    given: dict[str, Any] = {"directory": str(copy), "port": 5433}
    late = refusing.begin("restore", run_id="late", **given)
    with held_up(late, "restore"):
        refusing.succeed("restore", run_id="early", **given)
    error = json.loads(late.communicate(timeout=60)[0].splitlines()[-1])
    assert error["error_code"] == "DR-LOCK" and "meanwhile" in error["msg"]
    assert refusing.sql("SELECT count(*) FROM product", at=copy, port=5433) == "1000"
    for path in refusing.root.glob("copy.quarantine-late*"):
        as_postgres("rm", "-r", str(path))
    refusing.succeed("restore", directory=str(copy), state="absent")


def test_in_place_the_former_tablespace_is_left_alone_and_comes_back(cluster: Sandbox) -> None:
    far, own = cluster.root / "far", cluster.data.parent / "main.tablespaces-r1"
    given: dict[str, Any] = {"mode": "in_place", "run_id": "r1"}
    cluster.stop()
    former = contents(far)
    result = cluster.succeed("restore", confirm=cluster.system_identifier, **given)
    assert contents(far) == former and str(own) in result["notes"][0] and result["recovery"]["left_over"] == []
    assert cluster.sql("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'far'") == f"{own}/far"
    cluster.sql("CREATE TABLE only_in_the_restored (id int) TABLESPACE far")
    assert cluster.succeed("restore", state="reverted", **given)["changed"] is True
    assert cluster.sql("SELECT to_regclass('only_in_the_restored') IS NULL") == "t"
    assert cluster.sql("SELECT count(*) FROM product") == "1000" and not own.exists()


def test_former_tablespaces_that_a_restore_had_made_go_with_the_former_data(cluster: Sandbox) -> None:
    for run_id in ("r2", "r3"):
        cluster.stop()
        given: dict[str, Any] = {"mode": "in_place", "run_id": run_id}
        cluster.succeed("restore", confirm=cluster.system_identifier, **given)
        assert cluster.succeed("restore", state="acknowledged", **given)["changed"] is True
    assert sorted(path.name for path in cluster.data.parent.glob("main.tablespaces-*")) == ["main.tablespaces-r3"]
    assert cluster.sql("SELECT count(*) FROM product") == "1000"
