# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pgBackRest in every kind of repository at once: begun, backed up into, read, restored, and amid faults."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.object_stores import LOCKED, ObjectStores
from tests.integration.storage.conftest import MakeSandbox
from tests.integration.storage.restic_place import failed_checks, pass_a_second
from tests.integration.storage.stored_cluster import StoredCluster

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_repository import (
    PgBackRestTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import StoredObject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)

PASSPHRASE = "example-only-passphrase"


def entry(number: int, **kind: Any) -> dict[str, Any]:
    return {"number": number, "cipher_passphrase": PASSPHRASE, "key_id": "escrow-7", **kind}


@pytest.fixture(scope="module")
def cluster(make_sandbox: MakeSandbox, stores: ObjectStores, share: Path) -> Iterator[StoredCluster]:
    """Four repositories of one stanza, each begun by itself."""
    (share / "pgbackrest").mkdir()
    shutil.chown(share / "pgbackrest", "postgres", "postgres")
    repositories = {
        "share": entry(1, nfs={"path": str(share / "pgbackrest"), "filesystem_types": ["ext4"]}),
        "bucket": entry(2, s3=stores.s3(path="/pgbackrest")),
        "locked": entry(3, s3=stores.s3(bucket=LOCKED, path="/pgbackrest"), immutable=True),
        "azure": entry(4, azure=stores.azure("/pgbackrest")),
    }
    made = StoredCluster(make_sandbox(), repositories)
    made.write()
    made.sandbox.sql("CREATE TABLE product AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 20000) i;")
    for name in repositories:
        made.keeping("present", name)
    yield made


@pytest.mark.parametrize(
    "name, level, immutable",
    [
        ("share", "checked", None),
        # rclone does not answer the question, and what is not answered is not so.
        ("bucket", "restored", None),
        ("locked", "checked", True),
        ("azure", "restored", False),
    ],
)
def test_a_backup_is_taken_read_and_restored(
    cluster: StoredCluster, name: str, level: str, immutable: bool | None
) -> None:
    taken = cluster.succeed("backup", name, strategy="full")["backup"]
    assert taken["key_id"] == "escrow-7"
    listed = cluster.succeed("backup_info", name)
    assert [each["id"] for each in listed["backups"]] == [taken["id"]]
    assert listed["repository"]["immutable"] is immutable
    # The bucket keeps what is written to it for a day.
    until = listed["repository"]["immutable_until"]
    assert (
        (until[:10] > taken["started_at"][:10] and until[10:] == taken["started_at"][10:]) if immutable else not until
    )
    scratch = str(cluster.path("scratch"))
    assert cluster.succeed("backup_verify", name, level=level, scratch_directory=scratch)["trust"] == level
    healthy = cluster.keeping("healthy", name, maximum_age_seconds=600)
    assert failed_checks(healthy) == {}
    assert cluster.keeping("present", name)["changed"] is False


def test_a_lost_key_is_no_loss_with_an_escrow_and_a_key_is_never_rotated(cluster: StoredCluster) -> None:
    proven = cluster.keeping("escrow_proven", "bucket", escrowed_passphrase=PASSPHRASE)
    assert proven["escrow"]["identity"] == cluster.sandbox.system_identifier
    cluster.failing("escrow_proven", "DR-KEY", "bucket", escrowed_passphrase="guessed")
    refused = cluster.failing("rotated", "DR-VER", "bucket", new_passphrase="example-only-second")
    assert "repository with another number" in refused["next_action"]


def faulty(cluster: StoredCluster, stores: ObjectStores, door: str) -> StoredCluster:
    options = {**cluster.repositories["bucket"], "s3": stores.s3(door, path="/pgbackrest")}
    return cluster.with_repositories(door, {**cluster.repositories, "bucket": options})


@pytest.mark.parametrize(
    "door, check, code",
    [
        ("no_put", "write", "DR-AUTH"),
        ("no_list", "list", "DR-AUTH"),
        ("no_delete", "delete", "DR-AUTH"),
        ("expired", "list", "DR-TLS"),
        ("other", "list", "DR-TLS"),
    ],
)
def test_one_failing_repository_is_told_apart_and_hides_no_other(
    cluster: StoredCluster, stores: ObjectStores, door: str, check: str, code: str
) -> None:
    varied = faulty(cluster, stores, door)
    assert check in failed_checks(varied.failing("healthy", code, "bucket"))
    assert varied.succeed("backup_info", "share")["repository"]["reachable"] is True


@pytest.mark.parametrize(
    "door, module, code, words",
    [
        ("no_put", "backup", "DR-AUTH", "PUT"),
        ("no_list", "backup_info", "DR-AUTH", "list-type"),
        ("expired", "backup_info", "DR-TLS", "expired"),
        ("other", "backup_info", "DR-TLS", "unable to find hostname 'localhost' in certificate"),
    ],
)
def test_what_pgbackrest_meets_is_told_apart(
    cluster: StoredCluster, stores: ObjectStores, door: str, module: str, code: str, words: str
) -> None:
    before = ids(cluster)
    failed = faulty(cluster, stores, door).fail(module, code, "bucket")
    assert words in failed["cause"], failed["cause"]
    assert ids(cluster) == before


def ids(cluster: StoredCluster) -> list[str]:
    return [each["id"] for each in cluster.succeed("backup_info", "bucket")["backups"]]


def test_with_a_credential_that_may_not_delete_the_log_arrives_and_a_backup_is_refused(
    cluster: StoredCluster, stores: ObjectStores
) -> None:
    varied, before = faulty(cluster, stores, "no_delete"), ids(cluster)
    refused = varied.fail("backup", "DR-AUTH", "bucket", strategy="full", deadline=180)
    assert "DELETE" in refused["cause"] and ids(cluster) == before
    cluster.sandbox.sql("SELECT pg_create_restore_point('beyond');")
    shipped = varied.succeed("backup", "bucket", strategy="transaction_log")["log"]["segment"]
    assert shipped in {Path(each.name).name[:24] for each in logs(cluster)}


def logs(cluster: StoredCluster) -> list[StoredObject]:
    """The pieces of the log in the bucket, of the only timeline that there is."""
    store = open_repository(read_entry("bucket", cluster.repositories["bucket"])).open_store({})
    assert store is not None
    return store.list("archive/orders/15-1/0000000100000000/")


@pytest.mark.parametrize("door", ["unavailable", "reset"])
def test_a_backup_and_a_restore_get_through_when_every_fifth_request_fails(
    cluster: StoredCluster, stores: ObjectStores, door: str
) -> None:
    cluster.sandbox.sql(f"CREATE TABLE amid_{door} AS SELECT * FROM product;")
    amid = faulty(cluster, stores, door)
    taken = amid.succeed("backup", "bucket", strategy="incremental")["backup"]["id"]
    proven = {"level": "restored", "scratch_directory": str(cluster.path("scratch")), "backup": taken}
    assert amid.succeed("backup_verify", "bucket", **proven)["trust"] == "restored"


@pytest.mark.parametrize(
    "door, module, how, words",
    [
        ("slow_down", "backup", {"strategy": "full"}, "fewer requests"),
        ("cut", "backup_verify", {"level": "checked"}, "broke off"),
    ],
)
def test_what_pgbackrest_does_not_ask_for_again_fails_for_what_it_is_and_spoils_nothing(
    cluster: StoredCluster, stores: ObjectStores, door: str, module: str, how: dict[str, str], words: str
) -> None:
    taken = cluster.succeed("backup", "bucket", strategy="incremental")["backup"]["id"]
    before = ids(cluster)
    failed = faulty(cluster, stores, door).fail(module, "DR-REPO", "bucket", **how)
    assert words in failed["next_action"], failed
    assert ids(cluster) == before
    proven = {"level": "restored", "scratch_directory": str(cluster.path("scratch")), "backup": taken}
    assert cluster.succeed("backup_verify", "bucket", **proven)["trust"] == "restored"


def test_what_this_pgbackrest_cannot_use_is_said_with_what_to_use_instead(cluster: StoredCluster) -> None:
    far = {"host": "h", "user": "u", "path": "/r", "identity_file": "/id", "known_hosts_file": "/known"}
    varied = cluster.with_repositories("far", {**cluster.repositories, "far": entry(6, sftp=far)})
    refused = varied.fail("backup_info", "DR-VER", "far")
    assert "repository_host" in refused["next_action"]
    assert varied.succeed("backup_info", "share")["backups"] is not None


def test_what_only_the_tool_can_reach_is_looked_at_by_way_of_it(cluster: StoredCluster) -> None:
    store = PgBackRestTool(
        open_repository(read_entry("azure", cluster.repositories["azure"])),
        stanza="orders",
        configuration_file=str(cluster.sandbox.configuration_file),
        deadline=Deadline(30),
    ).open_store()
    store.put("probe", b"probe")
    assert store.get("probe") == b"probe"
    assert {each.name for each in store.list("")} == {"archive", "backup", "probe"}
    store.delete("probe")
    assert "backup.info" in {Path(each.name).name for each in store.list("backup/orders/")}


def test_what_an_attacker_removed_from_a_locked_bucket_comes_back(cluster: StoredCluster) -> None:
    taken = cluster.succeed("backup", "locked", strategy="full")["backup"]["id"]
    at = pass_a_second()
    store = open_repository(read_entry("locked", cluster.repositories["locked"])).open_store({})
    assert store is not None
    for name in {each.name for each in store.versions("") if not each.is_removal}:
        store.delete(name)
    cluster.fail("backup_info", "DR-REPO", "locked")
    back = cluster.keeping("brought_back", "locked", as_of=at, confirm="locked")
    assert back["brought_back"] == back["lost"] > 10 and back["identity"] == cluster.sandbox.system_identifier
    assert cluster.succeed("backup_info", "locked")["backups"][-1]["id"] == taken
    directory = cluster.path("brought-back")
    cluster.succeed("restore", "locked", mode="beside", directory=str(directory), port=6433)
    assert cluster.sandbox.sql("SELECT count(*) FROM product;", at=directory, port=6433) == "20000"


def test_an_emptied_repository_is_an_alarm_and_is_not_begun_anew(cluster: StoredCluster) -> None:
    varied = cluster.with_repositories(
        "emptied", {"emptied": entry(5, filesystem={"path": str(cluster.path("empty"))})}
    )
    varied.keeping("present", "emptied")
    shutil.rmtree(cluster.path("empty"))
    assert cluster.sandbox.system_identifier in varied.failing("present", "DR-REPO", "emptied")["msg"]
    assert not cluster.path("empty").exists()
    assert varied.keeping("present", "emptied", accept_new_repository="the old disk died")["changed"] is True
