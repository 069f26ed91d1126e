# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with an object store, each told apart by the module, and restic and pgBackRest amid it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.object_stores import ObjectStores
from tests.integration.storage.conftest import MakePlace
from tests.integration.storage.module_trip import Trip, store_of
from tests.integration.storage.restic_place import ResticPlace, failed_checks

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import without_secrets


@pytest.fixture(scope="module")
def path(stores: ObjectStores, make_place: MakePlace) -> str:
    """A repository that is begun through the good door, for tests that then take another one."""
    make_place(s3=stores.s3(path="/faults")).succeed_by_hand("init")
    return "/faults"


@pytest.mark.parametrize(
    "door, check, code, observed",
    [
        ("no_put", "write", "DR-AUTH", "answered 403 AccessDenied"),
        ("no_list", "list", "DR-AUTH", "answered 403 AccessDenied"),
        ("no_delete", "delete", "DR-AUTH", "answered 403 AccessDenied"),
        ("expired", "list", "DR-TLS", "certificate has expired"),
        ("other", "list", "DR-TLS", "Hostname mismatch"),
    ],
)
def test_each_refusal_is_told_apart(
    stores: ObjectStores, make_place: MakePlace, path: str, door: str, check: str, code: str, observed: str
) -> None:
    failed = failed_checks(make_place(s3=stores.s3(door, path=path)).fail("healthy", code))
    assert observed in failed[check]
    assert set(failed) - {"opened"} <= ({check} if door.startswith("no_") else {"list", "write"})


def test_wrong_credentials_and_a_missing_bucket_are_told_apart(stores: ObjectStores, make_place: MakePlace) -> None:
    wrong = {**stores.s3(), "secret_key": "example-only-wrong"}
    assert "403 SignatureDoesNotMatch" in make_place(s3=wrong).fail("healthy", "DR-AUTH")["msg"]
    missing = {**stores.s3(), "bucket": "nowhere"}
    assert "404 NoSuchBucket" in make_place(s3=missing).fail("healthy", "DR-REPO")["msg"]


def test_a_slow_store_fails_by_its_latency_alone(stores: ObjectStores, make_place: MakePlace, path: str) -> None:
    place = make_place(s3=stores.s3("slow", path=path))
    result = place.fail("healthy", "DR-REPO", maximum_latency_seconds=0.3)
    assert set(failed_checks(result)) == {"latency"}
    assert result["latency_seconds"] >= 0.4


@pytest.mark.parametrize("door", ["unavailable", "reset", "slow_down", "cut", "slow"])
def test_a_backup_and_a_restore_get_through_a_store_that_is_not_at_its_best(
    stores: ObjectStores, make_place: MakePlace, tmp_path: Path, door: str
) -> None:
    good = make_place(s3=stores.s3(path=f"/{door}"))
    Trip(good, tmp_path).begin(store_of(good))
    trip = Trip(make_place(s3=stores.s3(door, path=f"/{door}")), tmp_path)
    taken = trip.act("backup", strategy="full")["backup"]["id"]
    assert trip.ids() == [taken]
    trip.restore_beside()
    assert "no errors were found" in good.succeed_by_hand("check", "--read-data")


@pytest.fixture(scope="module")
def papers(stores: ObjectStores, make_place: MakePlace, path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something that was backed up once, through the good door."""
    directory = tmp_path_factory.mktemp("papers")
    (directory / "text").write_text("what matters")
    taken = run_module("backup", files_options(make_place(s3=stores.s3(path=path)), directory))
    assert not taken.get("failed"), taken
    return directory


def files_options(place: ResticPlace, directory: Path) -> dict[str, Any]:
    return {
        "engine": {"files": {"stanza": "papers", "paths": [str(directory)]}},
        "repository": without_secrets(place.name, place.entry),
        "configuration_file": str(place.environment_file),
        "trust_directory": str(place.home / "trust"),
        "deadline": 60,
    }


@pytest.mark.parametrize(
    "door, module, code, words",
    [
        ("no_put", "backup", "DR-AUTH", "may not write"),
        ("no_list", "backup_info", "DR-AUTH", "may not list"),
        ("no_delete", "backup", "DR-AUTH", "may not delete"),
        ("expired", "backup_info", "DR-TLS", "certificate has expired"),
        ("other", "backup_info", "DR-TLS", "elsewhere.example"),
    ],
)
def test_what_restic_meets_is_told_apart_long_before_the_deadline(
    stores: ObjectStores, make_place: MakePlace, path: str, papers: Path, door: str, module: str, code: str, words: str
) -> None:
    good = files_options(make_place(s3=stores.s3(path=path)), papers)
    before = run_module("backup_info", good)["backups"]
    began = time.monotonic()
    failed = run_module(module, files_options(make_place(s3=stores.s3(door, path=path)), papers))
    assert (failed["error_code"], words in failed["msg"]) == (code, True), failed["msg"]
    assert time.monotonic() - began < 30
    # What was there is there, and nothing half is a backup.
    after = [each for each in run_module("backup_info", good)["backups"] if not each["errors"]]
    assert [each["id"] for each in after] == [each["id"] for each in before if not each["errors"]]
