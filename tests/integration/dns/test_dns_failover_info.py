# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dns_failover_info against BIND."""

from __future__ import annotations

import time

from tests.integration.servers.module_run import run_module
from tests.integration.servers.name_servers import LATE_SECONDARY, NOBODY, PRIMARY, STALE_ZONE, NameServers

SHOP = "shop.storefront.example."


def test_every_server_is_read_and_agreement_is_told(servers: NameServers) -> None:
    result = run_module(
        "dns_failover_info",
        {
            "server": servers.option(),
            "records": [{"name": SHOP}],
            "active_site_record": "_recovery.storefront.example.",
        },
    )
    assert result["changed"] is False
    assert result["records"] == [{"name": SHOP, "type": "A", "ttl": 5, "values": ["10.10.1.31"]}]
    assert result["active_site"] == {"site": "frankfurt", "counter": 3}
    assert result["agree"] is True
    assert {answer["serial"] for answer in result["servers"]} == {result["serial"]}


def test_a_stale_server_is_visible(stale_zone: NameServers) -> None:
    wanted = "10.20.1.31" if stale_zone.values("shop.stale.example.") == ["10.10.1.31"] else "10.10.1.31"
    stale_zone.put("shop.stale.example.", 5, "A", wanted, zone=STALE_ZONE)
    result = run_module(
        "dns_failover_info",
        {"server": stale_zone.option(STALE_ZONE), "records": [{"name": "shop.stale.example."}]},
    )
    assert result["agree"] is False
    assert [answer["server"] for answer in result["servers"] if not answer["agrees"]] == [LATE_SECONDARY]


def test_a_server_that_does_not_answer_is_listed_and_costs_less_than_a_second(servers: NameServers) -> None:
    result = run_module(
        "dns_failover_info",
        {"server": servers.option(authoritative=[PRIMARY, NOBODY]), "records": [{"name": SHOP}]},
    )
    assert result["not_read"] == [NOBODY]
    assert result["agree"] is False
    assert max(answer["seconds"] for answer in result["servers"]) < 1.0


def test_a_record_that_does_not_exist_has_no_values(servers: NameServers) -> None:
    result = run_module(
        "dns_failover_info", {"server": servers.option(), "records": [{"name": "none.storefront.example."}]}
    )
    assert result["records"][0]["values"] == []


def test_reading_costs_milliseconds(servers: NameServers) -> None:
    started = time.monotonic()
    result = run_module("dns_failover_info", {"server": servers.option(), "records": [{"name": SHOP}]})
    assert max(answer["seconds"] for answer in result["servers"]) < 0.5
    assert time.monotonic() - started < 3
