# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups by restic in every kind of repository, by the modules, and read by hand with nothing but the written file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.object_stores import LOCKED, ObjectStores
from tests.integration.servers.sftp_server import SftpServer
from tests.integration.storage.conftest import MakePlace
from tests.integration.storage.module_trip import Trip, store_of
from tests.integration.storage.restic_place import ResticPlace, failed_checks

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import without_secrets


def round_trip(place: ResticPlace, tmp_path: Path) -> dict[str, Any]:
    """By the modules, and looked at by hand; what the health of the repository is then."""
    Trip(place, tmp_path).whole(store_of(place))
    assert "no errors were found" in place.succeed_by_hand("check", "--read-data")
    healthy = place.succeed("healthy", maximum_age_seconds=600)
    assert failed_checks(healthy) == {} and healthy["changed"] is False
    return healthy


def names(result: dict[str, Any]) -> set[str]:
    return {each["check"] for each in result["checks"]}


ACTS = {"list", "write", "read_back", "delete", "latency", "newest_object", "opened"}


def test_s3_behind_tls(stores: ObjectStores, make_place: MakePlace, tmp_path: Path) -> None:
    result = round_trip(make_place(s3=stores.s3(path="/trip")), tmp_path)
    assert names(result) >= {*ACTS, "certificate"}


def test_s3_with_an_object_lock_is_seen_to_be_immutable(
    stores: ObjectStores, make_place: MakePlace, tmp_path: Path
) -> None:
    place = make_place(s3=stores.s3(bucket=LOCKED), immutable=True)
    result = round_trip(place, tmp_path)
    assert result["protection"]["immutable"] is True
    assert result["protection"]["mode"] == "COMPLIANCE" and result["protection"]["retention_days"] == 1
    assert "immutable" in names(result)


def test_a_lock_that_ends_before_the_retention_does_fails(
    stores: ObjectStores, make_place: MakePlace, tmp_path: Path
) -> None:
    place = make_place(s3=stores.s3(bucket=LOCKED, path="/short"), immutable=True, retention={"keep_days": 2})
    place.succeed("present")
    failed = failed_checks(place.fail("healthy", "DR-REPO"))
    assert list(failed) == ["immutable"] and "COMPLIANCE 1" in failed["immutable"]
    (tmp_path / "text").write_text("what matters")
    engine = {"files": {"stanza": "papers", "paths": [str(tmp_path / "text")]}}
    given = {
        "engine": engine,
        "repository": without_secrets(place.name, place.entry),
        "configuration_file": str(place.environment_file),
        "trust_directory": str(tmp_path / "trust"),
    }
    run_module("backup", given)
    listed = run_module("backup_info", given)
    for keep_days, words in ((1, ""), (2, "the lock of offsite holds for 1 days of 2")):
        places = {"offsite": {"offsite": True, "medium": "object", "retention": {"keep_days": keep_days}}}
        policy = {"stanzas": ["papers"], "catalogues": [listed], "places": places, "copies": 2, "errors": 1}
        judged = run_module("validate", {"checks": [{"name": "held", "backup_policy": policy}], "fail": False})
        assert judged["passed"] is (words == ""), judged
        assert words in judged["checks"][0]["observed"]


def test_a_bucket_that_is_declared_immutable_and_is_not_fails(stores: ObjectStores, make_place: MakePlace) -> None:
    place = make_place(s3=stores.s3(path="/mutable"), immutable=True)
    place.succeed_by_hand("init")
    assert set(failed_checks(place.fail("healthy", "DR-REPO"))) == {"immutable"}


def test_azure(stores: ObjectStores, make_place: MakePlace, tmp_path: Path) -> None:
    # restic finds the emulator by the name of its account; the module looks at it through its TLS.
    result = round_trip(make_place(azure=stores.azure("/trip")), tmp_path)
    assert names(result) >= {*ACTS, "certificate"}


def test_google(stores: ObjectStores, make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place(gcs=stores.gcs("/trip"))
    # The same bucket at an endpoint that only pgBackRest could be told of.
    options = {**stores.gcs("/trip"), "endpoint": "localhost", "port": stores.google_port}
    store = open_repository(read_entry("google", {"number": 1, "gcs": options})).open_store({})
    assert store is not None
    Trip(place, tmp_path, within=stores.as_google).whole(store)
    assert "no errors were found" in place.succeed_by_hand("check", "--read-data", within=stores.as_google)
    store.put("probe", b"probe")
    assert store.get("probe") == b"probe"
    store.delete("probe")
    assert [each.name for each in store.list("")] == []
    assert store.protection().is_immutable is False


def test_sftp(ssh: SftpServer, make_place: MakePlace, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    result = round_trip(make_place(sftp=ssh.options(tmp_path / "far")), tmp_path)
    assert names(result) >= ACTS


def test_sftp_refuses_a_host_with_another_key(ssh: SftpServer, make_place: MakePlace, tmp_path: Path) -> None:
    options = {**ssh.options(tmp_path), "known_hosts_file": str(ssh.forget_host_key("other"))}
    result = make_place(sftp=options).fail("healthy", "DR-AUTH")
    assert "HOST IDENTIFICATION HAS CHANGED" in failed_checks(result)["list"] or "verification" in result["msg"]


def test_a_mounted_share(share: Path, make_place: MakePlace, tmp_path: Path) -> None:
    options = {"path": str(share), "filesystem_types": ["ext4"]}
    result = round_trip(make_place(nfs=options), tmp_path)
    assert names(result) >= {*ACTS, "declared", "free_space"}


@pytest.mark.parametrize("state", ["present", "healthy"])
def test_a_share_that_is_not_mounted_is_never_written_to(state: str, make_place: MakePlace, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    result = make_place(nfs={"path": str(tmp_path / "share")}).fail(state, "DR-REPO")
    assert "nothing of the kind nfs, nfs4 is mounted there" in result["msg"]
    assert list((tmp_path / "share").iterdir()) == []
