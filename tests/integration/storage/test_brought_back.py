# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody with the key of a bucket removes and overwrites all of it; the older versions are there, and come back."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.object_stores import LOCKED, ObjectStores
from tests.integration.storage.conftest import MakePlace
from tests.integration.storage.restic_place import ResticPlace, pass_a_second

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._s3_store import S3Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import without_secrets


def succeed(module: str, given: dict[str, Any], *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
    result = run_module(module, {**given, **more}, check_mode=check_mode)
    assert not result.get("failed"), result
    return result


def options_of(place: ResticPlace, papers: Path) -> dict[str, Any]:
    return {
        "engine": {"files": {"stanza": "papers", "paths": [str(papers)]}},
        "repository": without_secrets(place.name, place.entry),
        "configuration_file": str(place.environment_file),
        "trust_directory": str(place.home / "trust"),
        "deadline": 60,
    }


def attacked(place: ResticPlace) -> None:
    """All that one credential can do: everything is removed, some of it twice, and one thing is written over."""
    store = store_of(place)
    names = sorted({each.name for each in store.versions("") if not each.is_removal})
    for name in names:
        store.delete(name)
    store.delete(names[0])
    store.put("restic/config", b"pay us")
    store.put("restic/note", b"pay us")
    assert [each.name for each in store.list("restic/")] == ["restic/config", "restic/note"]


def store_of(place: ResticPlace) -> Store:
    store = open_repository(read_entry(place.name, place.entry)).open_store({})
    assert store is not None
    return store


@pytest.fixture
def place(stores: ObjectStores, make_place: MakePlace, tmp_path: Path, request: pytest.FixtureRequest) -> ResticPlace:
    made = make_place(s3=stores.s3(bucket=LOCKED, path=f"/{request.node.name}"))
    made.succeed("present")
    return made


def test_what_an_attacker_removed_comes_back_out_of_the_older_versions(
    place: ResticPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is listed comes in many parts, as that of a large repository does.
    monkeypatch.setattr(S3Store, "MOST_AT_ONCE", 3)
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "text").write_text("what matters")
    given = options_of(place, papers)
    backup = succeed("backup", given, strategy="full")["backup"]["id"]
    at = pass_a_second()
    attacked(place)
    assert run_module("restore", {**given, "mode": "beside", "directory": str(tmp_path / "none")}).get("failed")
    asked = {**given, "state": "brought_back", "as_of": at}
    planned = succeed("backup_repository", asked, check_mode=True)
    assert planned["changed"] is True and planned["lost"] > 4 and planned["brought_back"] == 0
    refused = run_module("backup_repository", {**asked, "confirm": "another"})
    assert refused["error_code"] == "DR-INPUT" and run_module("backup_info", given).get("failed")
    done = succeed("backup_repository", asked, confirm=place.name)
    assert done["brought_back"] == planned["lost"] and done["identity"]
    assert done["diff"]["before"] == {"removed": planned["lost"] - 1, "written_over": 1}
    assert succeed("backup_repository", asked, confirm=place.name)["changed"] is False
    assert [each["id"] for each in succeed("backup_info", given)["backups"]] == [backup]
    assert succeed("backup_verify", given, level="checked")["trust"] == "checked"
    succeed("restore", given, mode="beside", directory=str(tmp_path / "restored"))
    subprocess.run(["diff", "-r", str(papers), f"{tmp_path}/restored{papers}"], check=True)
    # What came after that moment is there for whoever looks into the attack.
    assert store_of(place).get("restic/note") == b"pay us"


def test_a_moment_that_is_yet_to_come_and_a_place_without_versions_are_refused(
    place: ResticPlace, make_place: MakePlace, tmp_path: Path
) -> None:
    given = {**options_of(place, tmp_path), "state": "brought_back", "confirm": place.name}
    refused = run_module("backup_repository", {**given, "as_of": "2199-01-01T00:00:00Z"})
    assert (refused["error_code"], "is yet to come" in refused["msg"]) == ("DR-INPUT", True)
    here = make_place(filesystem={"path": str(tmp_path / "here")})
    given = {**options_of(here, tmp_path), "state": "brought_back", "confirm": here.name}
    refused = run_module("backup_repository", {**given, "as_of": "2026-01-01T00:00:00Z"})
    assert (refused["error_code"], "another copy" in refused["next_action"]) == ("DR-PRE", True)
