# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._protection_group import (
    balancer_endpoints,
    database_pairs,
    database_servers,
    group_loss,
    pooler_endpoints,
    records_at,
    source_probes,
)

HOSTVARS: dict[str, dict[str, Any]] = {
    "fra-db1": {
        "ansible_host": "10.10.1.11",
        "readiness_observed": {"results": [{"item": {"name": "orders"}, "database": {"state": "primary"}}]},
    },
    "dub-db1": {"ansible_host": "10.20.1.11"},
}
DATABASES: dict[str, Any] = {
    "orders": {
        "engine": {"postgresql": {"port": 5432, "database": "storefront"}},
        "hosts": {"frankfurt": "fra-db1", "dublin": "dub-db1"},
        "system_identifier": 7123,
    }
}


def pairs() -> list[dict[str, Any]]:
    return database_pairs(DATABASES, "frankfurt", "dublin", HOSTVARS)


def test_a_pair_has_both_ends_with_address_and_what_was_observed() -> None:
    (pair,) = pairs()
    assert pair["source"] == {
        "host": "fra-db1",
        "address": "10.10.1.11",
        "port": 5432,
        "site": "frankfurt",
        "database": {"state": "primary"},
    }
    assert pair["target"]["address"] == "10.20.1.11"
    assert pair["target"]["database"] == {}
    assert pair["system_identifier"] == "7123"


def test_a_database_comes_after_those_it_names() -> None:
    databases = {
        "a": {**DATABASES["orders"], "after": ["b"]},
        "b": {**DATABASES["orders"], "after": ["c"]},
        "c": DATABASES["orders"],
    }
    assert [pair["name"] for pair in database_pairs(databases, "frankfurt", "dublin", HOSTVARS)] == ["c", "b", "a"]


def test_databases_that_wait_for_each_other_are_refused_by_name() -> None:
    databases = {"a": {**DATABASES["orders"], "after": ["b"]}, "b": {**DATABASES["orders"], "after": ["a"]}}
    with pytest.raises(InputError, match="wait for each other.*a, b.*field after"):
        database_pairs(databases, "frankfurt", "dublin", HOSTVARS)


def test_a_site_without_a_host_is_refused_with_the_field_to_fill_in() -> None:
    with pytest.raises(InputError, match=r"recovery_databases\.orders\.hosts\.oslo"):
        database_pairs(DATABASES, "frankfurt", "oslo", HOSTVARS)


def test_a_pooler_can_be_pointed_at_either_end_of_its_pair() -> None:
    poolers = {"storefront": {"database": "orders", "pgbouncer": {"entry": "storefront", "port": 6432}}}
    (endpoint,) = pooler_endpoints(poolers, ["dub-db1"], pairs(), HOSTVARS)
    assert endpoint["address"] == "10.20.1.11"
    assert endpoint["to_target"]["pgbouncer"]["database_host"] == "10.20.1.11"
    assert endpoint["to_source"]["pgbouncer"]["database_host"] == "10.10.1.11"
    assert endpoint["to_source"]["pgbouncer"]["port"] == 6432


def test_a_pooler_of_an_unknown_database_is_refused() -> None:
    with pytest.raises(InputError, match="recovery_poolers.x.database is 'stock'.*orders"):
        pooler_endpoints({"x": {"database": "stock", "pgbouncer": {}}}, ["dub-db1"], pairs(), HOSTVARS)


def test_a_balancer_can_be_drained_and_made_ready_without_naming_its_kind() -> None:
    (endpoint,) = balancer_endpoints({"storefront": {"haproxy": {"socket": "/s"}}}, ["fra-db1"])
    assert endpoint["drained"] == {"haproxy": {"socket": "/s", "state": "drain"}}
    assert endpoint["settled"] == {"haproxy": {"socket": "/s", "state": "ready", "wait_until_up": False}}
    assert endpoint["ready"] == {"haproxy": {"socket": "/s", "state": "ready"}}


def test_records_take_the_values_of_the_site() -> None:
    records = [{"name": "shop.", "type": "A", "values": {"frankfurt": ["10.10.1.31"], "dublin": ["10.20.1.31"]}}]
    assert records_at(records, "dublin") == [{"name": "shop.", "type": "A", "values": ["10.20.1.31"]}]
    with pytest.raises(InputError, match=r"values\.oslo"):
        records_at(records, "oslo")


def test_servers_are_listed_by_name_and_site() -> None:
    servers = database_servers(DATABASES, HOSTVARS)
    assert servers["orders"]["dublin"] == {"address": "10.20.1.11", "port": 5432, "database": "storefront"}


def test_the_source_is_asked_for_one_second_each() -> None:
    (probe,) = source_probes(pairs())
    assert probe["tcp"] == {"host": "10.10.1.11", "port": 5432, "silent": True}
    assert probe["deadline_seconds"] == 1


def test_a_database_that_is_only_backed_up_has_no_pair() -> None:
    databases = {**DATABASES, "ledger": {"engine": {"mariadb": {}}, "hosts": {"frankfurt": "fra-db1"}, "moves": False}}
    assert [pair["name"] for pair in database_pairs(databases, "frankfurt", "dublin", HOSTVARS)] == ["orders"]


def test_an_unobserved_source_makes_the_whole_loss_unknown_and_over() -> None:
    loss = group_loss(pairs(), {"rto_seconds": 30, "rpo_seconds": 5, "rpo_bytes": 1}, {})
    assert loss["known"] is False
    assert loss["within_objective"] is False
    assert loss["bytes"] is None
    assert loss["over"]


def test_a_group_that_has_moved_already_has_nothing_left_to_lose() -> None:
    (pair,) = pairs()
    pair["source"]["database"] = {"state": "down"}
    pair["target"]["database"] = {"state": "primary", "system_identifier": "7123"}
    assert group_loss([pair], {"rpo_seconds": 5})["within_objective"] is True


@pytest.mark.parametrize("timeline, is_within", [(4, True), (3, False)])
def test_a_primary_that_others_have_overtaken_is_no_group_that_has_moved(timeline: int, is_within: bool) -> None:
    (pair,) = pairs()
    pair["source"]["database"] = {"state": "down"}
    pair["target"]["database"] = {"state": "primary", "system_identifier": "7123", "timeline": timeline}
    last_seen = {"databases": {pair["name"]: {"site": "frankfurt", "timeline": 4}}}
    assert group_loss([pair], {"rpo_seconds": 5}, last_seen)["within_objective"] is is_within


def test_two_primaries_are_never_within_the_objective() -> None:
    (pair,) = pairs()
    pair["target"]["database"] = {"state": "primary", "system_identifier": "7123"}
    assert group_loss([pair], {"rpo_seconds": 5})["within_objective"] is False
