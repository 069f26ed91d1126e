# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repositories that hold copies: nothing is backed up into them, and who takes the backups fills them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import (
    backup_copies,
    copy_report,
    pgbackrest_copies,
    tape_returns,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import backup_targets
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._copy_mistakes import copy_mistakes
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    pgbackrest_settings,
    repository_passphrase,
    restic_repositories,
)

DATABASES: dict[str, Any] = {
    "orders": {
        "engine": {"postgresql": {"version": 15, "stanza": "orders"}},
        "hosts": {"one": "db1", "two": "db2"},
        "repositories": ["vault"],
    }
}
FILES: dict[str, Any] = {
    "pictures": {
        "kind": "filesystem",
        "engine": {"files": {"paths": ["/srv"]}},
        "hosts": {"one": "web1", "two": "web2"},
        "repositories": ["archive"],
    }
}
S3 = {"endpoint": "s", "bucket": "b", "region": "r", "secret_key": "example-only"}
REPOSITORIES: dict[str, Any] = {
    "vault": {"number": 1, "repository_host": {"host": "store1", "path": "/v"}, "cipher_passphrase": "of the vault"},
    "cellar": {"number": 2, "repository_host": {"host": "store1", "path": "/c"}, "copy_of": "vault"},
    "archive": {"number": 3, "s3": S3, "cipher_passphrase": "of the archive", "retention": {"keep_last": 2}},
    "second": {
        "number": 4,
        "s3": {**S3, "bucket": "c"},
        "cipher_passphrase": "of the second",
        "copy_of": "archive",
        "retention": {"yearly": 9},
    },
    "disk": {"number": 5, "filesystem": {"path": "/d"}, "copy_of": "archive"},
    "reel": {"number": 6, "tape": {"device": "/dev/nst0"}, "copy_of": "vault"},
}


def copies(*chosen: str, **asked: Any) -> list[dict[str, Any]]:
    return backup_copies(DATABASES, REPOSITORIES, chosen, FILES, "all", **asked)


def mistakes(**changed: Any) -> list[str]:
    return copy_mistakes(DATABASES, {**REPOSITORIES, **changed}, FILES)


def test_nothing_is_backed_up_into_a_copy_and_whoever_takes_the_backups_copies_them() -> None:
    taken = {each["repository"]["name"] for each in backup_targets(DATABASES, REPOSITORIES, (), FILES, "all")}
    assert taken == {"vault", "archive"}
    assert [
        (each["name"], each["repository"]["name"], each["original"]["name"], each["taken_on"]) for each in copies()
    ] == [
        ("orders", "cellar", "vault", "store1"),
        ("orders", "reel", "vault", "store1"),
        ("pictures", "second", "archive", "web1"),
        ("pictures", "disk", "archive", "web1"),
        ("pictures", "second", "archive", "web2"),
        ("pictures", "disk", "archive", "web2"),
    ]
    assert "example-only" not in str(copies())


def test_a_copy_is_chosen_by_its_name_or_by_that_of_its_original() -> None:
    assert {each["repository"]["name"] for each in copies("reel")} == {"reel"}
    assert {each["repository"]["name"] for each in copies("vault")} == {"cellar", "reel"}
    assert {each["name"] for each in copies(only=["orders"])} == {"orders"}
    assert backup_targets(DATABASES, REPOSITORIES, ["reel"], FILES, "all", ["orders"]) == []


def test_a_copy_is_restored_where_it_can_be_opened_and_kept_by_its_own_policy() -> None:
    orders = {**DATABASES["orders"], "repositories": ["local"]}
    local = {"number": 7, "filesystem": {"path": "/l"}, "encrypted": False}
    places = {"local": local, "beside": {"number": 8, "filesystem": {"path": "/b"}, "copy_of": "local"}}
    [beside] = backup_copies({"orders": orders}, places)
    assert beside["proven_on"] == ["db1"]
    assert {each["repository"]["name"]: each["proven_on"] for each in copies("vault")} == {
        "cellar": ["db1", "db2"],
        "reel": [],
    }
    kept = {each["repository"]["name"]: each["retention"] for each in copies("archive")}
    assert kept == {"second": {"yearly": 9}, "disk": {"keep_last": 2}}


def test_a_copy_of_pgbackrest_is_known_apart_and_by_the_passphrase_of_its_original() -> None:
    hostvars = {"store1": {"ansible_host": "10.0.0.9"}}
    assert list(pgbackrest_settings(REPOSITORIES, "store1", hostvars, databases=DATABASES)) == ["vault"]
    there = pgbackrest_copies(REPOSITORIES, "store1", hostvars, DATABASES)
    assert list(there) == ["cellar"]
    assert (there["cellar"]["repo2-path"], there["cellar"]["repo2-cipher-pass"]) == ("/c", "of the vault")
    assert pgbackrest_copies(REPOSITORIES, "db1", hostvars, DATABASES)["cellar"] == {
        "repo2-host": "10.0.0.9",
        "repo2-host-user": "pgbackrest",
        "repo2-host-config": "/etc/pgbackrest/copies/cellar.conf",
    }


def test_restic_finds_the_copies_beside_their_originals() -> None:
    found = restic_repositories(REPOSITORIES, "web2", DATABASES, FILES)
    begun = {each["name"]: each["initialise"] for each in found}
    assert begun == {"archive": False, "disk": True, "second": False}
    assert repository_passphrase(REPOSITORIES, "second") == "of the second"
    assert repository_passphrase(REPOSITORIES, "disk") == "of the archive"


def test_what_was_copied_is_told_for_each_copy() -> None:
    item = copies("second")[0]
    done = {"item": item, "copies": [{"id": "a"}, {"id": "b"}], "missing": [], "newly_copied": ["a"]}
    looked = {**done, "missing": ["b"], "newly_copied": []}
    assert copy_report([done, looked, {"item": item, "failed": True, "msg": "no room"}]) == [
        "pictures of one from archive to second: 2 of 2 backups are there, 1 copied now",
        "pictures of one from archive to second: 1 of 2 backups are there, 1 would be copied",
        "pictures of one from archive to second: failed, no room",
    ]


def test_copies_that_can_be_made_are_no_mistake() -> None:
    assert mistakes() == []


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("second", {"copy_of": "attic"}, "recovery_repositories.second.copy_of is 'attic', and there is no such"),
        ("second", {"copy_of": "second"}, "the repository itself. Name the one"),
        ("second", {"copy_of": "disk"}, "which is a copy itself. Name its original, archive"),
        ("second", {"copy_of": "reel"}, "a tape, which receives copies only"),
        ("reel", {"copy_of": "archive"}, "cannot go to a tape from a repository of the kind s3. Name a directory"),
        ("cellar", {"copy_of": "archive"}, "recovery_repositories.cellar is of the kind repository_host: pictures"),
        ("second", {"copy_of": "vault"}, "pgBackRest, which copies no backups, so both must be directories"),
        ("disk", {"copy_of": "vault"}, "kept by the host store1. Use repository_host with host store1"),
        (
            "cellar",
            {"repository_host": {"host": "else", "path": "/c"}},
            "which takes the backups of orders. Name a dir",
        ),
        ("cellar", {"cipher_passphrase": "another"}, "has another passphrase than vault"),
    ],
)
def test_a_copy_that_cannot_be_made_is_refused_by_its_field(name: str, changed: dict[str, Any], words: str) -> None:
    [found] = mistakes(**{name: {**REPOSITORIES[name], **changed}})
    assert words in found and f"recovery_repositories.{name}" in found


def test_a_source_that_wants_to_be_backed_up_into_a_copy_is_told_the_original() -> None:
    orders = {"orders": {**DATABASES["orders"], "repositories": ["cellar"]}}
    assert copy_mistakes(orders, REPOSITORIES, FILES) == [
        "recovery_databases.orders.repositories names cellar, which receives copies only. Name vault instead"
    ]
    with pytest.raises(InputError, match="use the repository cellar"):
        backup_targets(orders, REPOSITORIES)


def test_a_tape_comes_back_into_its_original_or_into_another_copy_of_that() -> None:
    [back] = tape_returns(DATABASES, REPOSITORIES, "reel", "", FILES)
    assert (back["name"], back["tape"]["name"], back["repository"]["name"]) == ("orders", "reel", "vault")
    assert (back["taken_on"], back["taken_by"]) == ("store1", "pgbackrest")
    assert "of the vault" not in str(back)
    [beside] = tape_returns(DATABASES, REPOSITORIES, "reel", "cellar", FILES)
    assert (beside["repository"]["name"], beside["original"]["name"]) == ("cellar", "vault")
    with pytest.raises(InputError, match=r"recovery_repositories are reel\. Name one of them"):
        tape_returns(DATABASES, REPOSITORIES, "vault")
    # Another original, and a place that is no directory.
    for into in ("archive", "disk", "nowhere"):
        with pytest.raises(InputError, match="a copy of it are cellar, vault"):
            tape_returns(DATABASES, REPOSITORIES, "reel", into, FILES)


def test_what_came_back_from_a_tape_is_told_once_and_then_for_each_source() -> None:
    [item] = tape_returns(DATABASES, REPOSITORIES, "reel", "", FILES)
    tape = {"written_at": "2026-01-02T03:04:05Z", "files": 9}
    found = {"item": item, "tape": tape, "copies": [], "missing": []}
    listed = {"item": item, "backups": [{"errors": []}, {"errors": ["damaged"]}]}
    where = "from the tape reel to vault"
    assert copy_report([{**found, "recovery": {"is_there": True}}, listed]) == [
        f"{where}: vault as it was at 2026-01-02T03:04:05Z is back, 9 files",
        f"orders {where}: 1 backups are back",
    ]
    [planned] = copy_report([{**found, "recovery": {"is_there": False}}])
    assert "would be read back" in planned
    assert copy_report([{"item": item, "failed": True, "msg": "no"}]) == [f"{where}: failed, no"]
