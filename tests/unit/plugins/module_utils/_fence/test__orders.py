# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a site is fenced, and what the answers prove together."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import FenceError, InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence._orders import (
    fence_orders,
    joined_answers,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import Occasion

HOSTS = ["fra-db1", "fra-db2", "fra-app1", "dub-db1", "wit-probe1", "dub-db1"]
ENGINE = {"postgresql": {"version": 15}}


def pair(name: str = "orders", host: str = "fra-db1", address: str = "10.10.1.11", port: Any = 5432) -> dict[str, Any]:
    return {
        "name": name,
        "engine": ENGINE,
        "system_identifier": "7",
        "source": {"host": host, "address": address, "port": port, "database": {}},
        "target": {
            "host": "dub-db1",
            "address": "10.20.1.11",
            "port": port,
            "database": {"state": "standby", "timeline": 3},
        },
    }


def answer(place: str, *, name: str = "orders", level: int = 0, fenced: bool = True) -> dict[str, Any]:
    occasion = Occasion(site="frankfurt", run_id="run1", group="storefront", system_identifier="7")
    proof = occasion.proof(level=level, method="path", evidence={"place": place, "fenced": fenced})
    return {"item": {"name": name, "place": place}, "fence_proof": proof.as_dict()}


def test_power_is_ordered_once_for_each_database_and_carries_no_secret() -> None:
    power = {"power": {"redfish": {"url": "https://power", "user": "recovery", "password": "example-only"}}}
    [order] = fence_orders([pair()], power, HOSTS)
    assert order == {
        "name": "orders",
        "system_identifier": "7",
        "timeline": 3,
        "place": "localhost",
        "user": None,
        "method": {"power": {}},
    }


def test_a_target_that_was_promoted_before_does_not_say_where_the_fenced_one_was() -> None:
    promoted = pair()
    promoted["target"]["database"]["state"] = "primary"
    [order] = fence_orders([promoted], {"service": {}}, HOSTS)
    assert order["timeline"] is None


def test_a_service_is_stopped_on_its_own_host_by_the_owner_of_the_data() -> None:
    [order] = fence_orders([pair()], {"service": {}}, HOSTS)
    assert (order["place"], order["user"]) == ("fra-db1", "postgres")
    assert order["method"] == {"service": {"engine": ENGINE}}


def test_a_path_is_cut_at_every_other_host_once() -> None:
    orders = fence_orders([pair()], {"path": {}}, HOSTS)
    assert [order["place"] for order in orders] == ["fra-db2", "fra-app1", "dub-db1", "wit-probe1"]
    assert {order["user"] for order in orders} == {"root"}
    assert orders[0]["method"] == {"path": {"addresses": ["10.10.1.11"], "port": 5432}}


def test_databases_behind_one_port_are_cut_together_and_their_hosts_left_out() -> None:
    both = [pair(), pair("users", "fra-db2", "10.10.1.12", None), pair("stock", "fra-db2", "10.10.1.12", 5433)]
    orders = fence_orders(both, {"path": {}}, HOSTS)
    assert {order["place"] for order in orders} == {"fra-app1", "dub-db1", "wit-probe1"}
    cut = {order["name"]: order["method"]["path"] for order in orders}
    assert cut["orders"] == cut["users"] == {"addresses": ["10.10.1.11", "10.10.1.12"], "port": 5432}
    assert cut["stock"] == {"addresses": ["10.10.1.12"], "port": 5433}


def test_one_other_place_is_too_few_and_an_unknown_method_is_named() -> None:
    with pytest.raises(InputError, match="two are needed, there is dub-db1"):
        fence_orders([pair()], {"path": {}}, ["fra-db1", "dub-db1"])
    with pytest.raises(InputError, match="recovery_fence"):
        fence_orders([pair()], {"magic": {}}, HOSTS)


def test_what_two_places_saw_is_one_proof_for_each_database() -> None:
    answers = [answer(place, name=name) for name in ("orders", "users") for place in ("a", "b")]
    joined = {one["item"]["name"]: one["fence_proof"]["level"] for one in joined_answers(answers)}
    assert joined == {"orders": 1, "users": 1}


def test_one_place_that_still_reaches_it_spoils_the_proof() -> None:
    [joined] = joined_answers([answer("a"), answer("b"), answer("c", fenced=False)])
    assert joined["fence_proof"]["level"] == 0


def test_an_answer_from_one_place_stays_as_it_is_and_one_without_proof_counts_for_nothing() -> None:
    alone = answer("localhost", level=3)
    [joined] = joined_answers([alone, {"item": {"name": "orders"}, "skipped": True}])
    assert joined["fence_proof"] == alone["fence_proof"]
    assert joined_answers([]) == []


def test_proofs_of_two_runs_are_never_joined() -> None:
    other = answer("b")
    other["fence_proof"]["run_id"] = "run2"
    with pytest.raises(FenceError):
        joined_answers([answer("a"), other])
