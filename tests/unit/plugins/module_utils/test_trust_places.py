# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who keeps evidence about the same backups, who was heard, and what each does not know yet."""

from __future__ import annotations

from typing import Any

from tests.unit.plugins.module_utils._engine.records import minute
from tests.unit.plugins.module_utils.test__backup_targets import DATABASES, REPOSITORIES

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import backup_targets
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import Entry, failure, success
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust_places import (
    trust_heard,
    trust_known,
    trust_ledgers,
    trust_news,
    trust_silent,
)

SETTINGS = {"kind": "configuration", "engine": {"files": {"paths": ["/etc/shop"]}}, "hosts": {"frankfurt": "fra-app1"}}
TARGETS = backup_targets(DATABASES, REPOSITORIES, (), {"settings": SETTINGS}, "all")
ORDERS = [target for target in TARGETS if target["name"] == "orders"]
VAULT = next(target for target in ORDERS if target["repository"]["name"] == "vault")
PROOF = success("one", "restored", {}, "dub-db1", minute(1))
DAMAGE = failure("two", ["damaged"], {}, "fra-db1", minute(2))


def look(host: str, user: str = "postgres", repository: str = "vault", **entries: Entry) -> dict[str, Any]:
    ledgers = [{"stanza": "orders", "repository": repository, "entries": entries}]
    return {"item": {"host": host, "user": user}, "ledgers": ledgers}


def hosts_of(ledgers: list[dict[str, Any]]) -> list[str]:
    return sorted(each["host"] for each in ledgers)


def test_the_keeper_and_every_host_of_the_data_keep_evidence_each_by_its_own_user() -> None:
    kept = {(each["host"], each["user"]): each["ledgers"] for each in trust_ledgers(TARGETS)}
    assert sorted(kept) == [("dub-db1", "postgres"), ("fra-db1", "postgres"), ("wit-store1", "pgbackrest")]
    assert [each["repository"] for each in kept["wit-store1", "pgbackrest"]] == ["vault", "offsite"]


def test_a_source_at_which_one_host_looks_costs_nothing() -> None:
    assert trust_ledgers(target for target in TARGETS if target["name"] == "settings") == []
    assert trust_silent([target for target in TARGETS if target["name"] == "settings"], []) == []


def test_a_host_that_only_proves_is_asked_as_well() -> None:
    proof = {**VAULT, "host": "fra-db2", "user": "postgres"}
    assert hosts_of(trust_ledgers([proof])) == ["dub-db1", "fra-db1", "fra-db2", "wit-store1"]
    nobody = {**VAULT, "host": None, "user": "postgres"}
    assert hosts_of(trust_ledgers([nobody])) == ["dub-db1", "fra-db1", "wit-store1"]


def test_what_one_host_found_is_news_to_the_others_only() -> None:
    looks = [look("wit-store1", "pgbackrest"), look("fra-db1", F2=DAMAGE), look("dub-db1", F1=PROOF)]
    [told] = trust_news(looks, "wit-store1")
    assert told["user"] == "pgbackrest" and told["ledgers"][0]["entries"] == {"F1": PROOF, "F2": DAMAGE}
    [told] = trust_news(looks, "dub-db1")
    assert told["ledgers"][0]["entries"] == {"F2": DAMAGE}
    assert trust_known(looks, VAULT) == {"F1": PROOF, "F2": DAMAGE}


def test_where_all_know_the_same_nobody_is_told() -> None:
    looks = [look(host, F1=PROOF) for host in ("wit-store1", "fra-db1", "dub-db1")]
    assert [trust_news(looks, host) for host in ("wit-store1", "fra-db1", "dub-db1")] == [[], [], []]


def test_what_is_known_of_one_repository_says_nothing_about_another_one() -> None:
    looks = [look("wit-store1"), look("fra-db1"), look("dub-db1", repository="offsite", F1=PROOF)]
    assert (trust_news(looks, "wit-store1"), trust_known(looks, VAULT)) == ([], {})


def test_a_host_that_failed_or_was_not_there_was_not_heard() -> None:
    failed = {**look("dub-db1"), "failed": True}
    looks = [look("wit-store1", "pgbackrest"), failed]
    assert trust_silent(ORDERS, looks) == ["dub-db1", "fra-db1", "wit-store1"]
    assert trust_silent([VAULT], looks) == ["dub-db1", "fra-db1"]
    assert [each["name"] for each in trust_heard(TARGETS, looks)] == ["settings"]


def test_where_every_host_was_heard_nothing_is_left_out() -> None:
    looks = [look(host, repository=name) for host in ("wit-store1", "fra-db1", "dub-db1") for name in REPOSITORIES]
    assert trust_heard(TARGETS, looks) == TARGETS and trust_silent(TARGETS, looks) == []
