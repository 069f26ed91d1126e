# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import (
    backup_proofs,
    backup_targets,
    recovery_point_objectives,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError

DATABASES: dict[str, Any] = {
    "orders": {
        "engine": {"postgresql": {"version": 15, "stanza": "orders"}},
        "hosts": {"frankfurt": "fra-db1", "dublin": "dub-db1"},
    }
}
REPOSITORIES: dict[str, Any] = {
    "offsite": {
        "number": 2,
        "s3": {"endpoint": "store.example", "region": "r", "bucket": "b", "secret_key": "example-only"},
        "cipher_passphrase": "example-only",
        "retention": {"keep_days": 30},
    },
    "vault": {
        "number": 1,
        "repository_host": {"host": "wit-store1", "path": "/r"},
        "cipher_passphrase": "example-only",
    },
}


def test_no_target_carries_a_secret() -> None:
    targets = backup_targets(DATABASES, REPOSITORIES)
    assert [target["repository"]["name"] for target in targets] == ["vault", "offsite"]
    assert "example-only" not in str(targets)


def test_a_keeper_takes_all_backups_and_without_one_the_host_of_the_data_does() -> None:
    kept, offsite = backup_targets(DATABASES, REPOSITORIES)
    assert (kept["taken_on"], kept["taken_by"]) == (offsite["taken_on"], offsite["taken_by"])
    assert (kept["taken_on"], kept["taken_by"]) == ("wit-store1", "pgbackrest")
    [alone] = backup_targets(DATABASES, {"offsite": REPOSITORIES["offsite"]})
    assert (alone["taken_on"], alone["taken_by"]) == ("fra-db1", "postgres")
    assert (kept["proven_on"], kept["proven_by"]) == (["fra-db1", "dub-db1"], "postgres")


def test_what_a_repository_keeps_is_its_own_policy() -> None:
    kept, offsite = backup_targets(DATABASES, REPOSITORIES)
    assert (kept["retention"], offsite["retention"]) == ({}, {"keep_days": 30})


def test_what_can_only_be_restored_beside_says_so() -> None:
    dump = {"engine": {"postgresql_dump": {"version": 15, "database": "shop", "stanza": "orders_dump"}}, "moves": False}
    databases = {**DATABASES, "orders_dump": {**dump, "hosts": {"frankfurt": "fra-db1"}}}
    targets = backup_targets(databases, {"offsite": REPOSITORIES["offsite"]})
    assert {each["name"]: each["in_place"] for each in targets} == {"orders": True, "orders_dump": False}
    [found] = [each for each in targets if each["name"] == "orders_dump"]
    assert (found["taken_on"], found["taken_by"], found["tool"]) == ("fra-db1", "root", "restic")


def test_one_source_can_be_chosen() -> None:
    assert [target["name"] for target in backup_targets(DATABASES, REPOSITORIES, only=["orders"])] == ["orders"] * 2
    with pytest.raises(InputError, match="invoices"):
        backup_targets(DATABASES, REPOSITORIES, only=["invoices"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"chosen": ["tape"]}, "tape"),
        ({"kind": "everything"}, "recovery_backup_type is 'everything'"),
        ({"files": {"shop": {"kind": "pictures"}}, "kind": "all"}, "recovery_files.shop"),
    ],
)
def test_what_is_not_there_is_refused_by_its_field(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        backup_targets(DATABASES, REPOSITORIES, **asked)


def test_an_engine_that_is_not_there_is_named_with_its_database() -> None:
    databases = {"wines": {"engine": {"cellar": {}}, "hosts": {"home": "db1"}}}
    with pytest.raises(InputError, match="given: cellar"):
        backup_targets(databases, REPOSITORIES)


def test_a_repository_is_read_by_its_keeper_and_restored_where_the_data_is() -> None:
    targets = backup_targets(DATABASES, REPOSITORIES)
    read, _offsite = backup_proofs(targets, "checked")
    restored, _offsite = backup_proofs(targets, "restored")
    assert (read["host"], read["user"]) == ("wit-store1", "pgbackrest")
    assert (restored["host"], restored["user"]) == ("dub-db1", "postgres")
    assert backup_proofs(targets, "restored", "fra-db2")[0]["host"] == "fra-db2"


def test_a_database_without_questions_of_its_own_is_asked_those_of_the_group() -> None:
    own = {"orders": {**DATABASES["orders"], "checks": [{"name": "mine"}]}}
    group = [{"name": "the group's"}]
    assert backup_proofs(backup_targets(own, REPOSITORIES), "verified", "", group)[0]["checks"] == [{"name": "mine"}]
    assert backup_proofs(backup_targets(DATABASES, REPOSITORIES), "verified", "", group)[0]["checks"] == group


def test_the_objective_of_the_group_is_that_of_each_source_with_a_log_unless_it_has_its_own() -> None:
    databases: dict[str, Any] = {
        **DATABASES,
        "ledger": {"engine": {"mariadb": {"stanza": "ledger"}}, "hosts": {"a": "h"}, "rpo_seconds": 3600},
        "dump": {"engine": {"postgresql_dump": {"stanza": "dump"}}, "hosts": {"a": "h"}},
    }
    files: dict[str, Any] = {
        "pictures": {"kind": "filesystem", "engine": {"files": {}}, "hosts": {"a": "h"}},
        "baskets": {"kind": "application_state", "engine": {"files": {}}, "hosts": {"a": "h"}, "rpo_seconds": 86400},
    }
    targets = backup_targets(databases, REPOSITORIES, (), files, "all")
    objectives = recovery_point_objectives(targets, {"rto_seconds": 30, "rpo_seconds": 5})
    assert objectives == {"orders": 5, "ledger": 3600, "baskets.a": 86400}
    assert recovery_point_objectives(targets, {}) == {"ledger": 3600, "baskets.a": 86400}
