# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dns_failover against BIND: what it changes, what it proves, and how each fault is told."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.name_servers import (
    LATE_SECONDARY,
    NOBODY,
    OTHER_SECRET,
    PRIMARY,
    SECONDARY,
    STALE_ZONE,
    NameServers,
)

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._options import records_to_point
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import NameServiceError

SHOP = "shop.storefront.example."
ACTIVE = "_recovery.storefront.example."


def to_dublin(servers: NameServers, **changed: Any) -> dict[str, Any]:
    options = {
        "server": servers.option(),
        "records": [{"name": SHOP, "type": "A", "ttl": 5, "values": ["10.20.1.31"], "expect": ["10.10.1.31"]}],
        "active_site": {"name": ACTIVE, "site": "dublin", "expect_site": "frankfurt", "ttl": 5},
        "deadline_seconds": 5,
    }
    return {**options, **changed}


def test_the_name_and_the_active_site_move_together_and_every_server_shows_it(servers: NameServers) -> None:
    result = run_module("dns_failover", to_dublin(servers))

    assert result["changed"] is True
    assert result["active_site"] == {"site": "dublin", "counter": 4}
    assert result["worst_cache_seconds"] == 5
    assert [answer["agrees"] for answer in result["servers"]] == [True, True, True]
    for server in (PRIMARY, SECONDARY, LATE_SECONDARY):
        assert servers.values(SHOP, server=server) == ["10.20.1.31"]
        assert servers.values(ACTIVE, "TXT", server=server) == ["site=dublin counter=4"]


def test_a_second_call_changes_nothing(servers: NameServers) -> None:
    run_module("dns_failover", to_dublin(servers))
    again = run_module("dns_failover", to_dublin(servers))

    assert again["changed"] is False
    assert again["active_site"] == {"site": "dublin", "counter": 4}
    assert again["worst_cache_seconds"] == 0


def test_check_mode_says_the_same_and_changes_nothing(servers: NameServers) -> None:
    foreseen = run_module("dns_failover", to_dublin(servers), check_mode=True)
    assert servers.values(SHOP) == ["10.10.1.31"]
    done = run_module("dns_failover", to_dublin(servers))

    for key in ("changed", "records", "active_site", "worst_cache_seconds", "diff"):
        assert foreseen[key] == done[key]
    assert foreseen.keys() == done.keys()


def test_what_was_before_can_be_given_back_to_undo(servers: NameServers) -> None:
    done = run_module("dns_failover", to_dublin(servers))
    shop = [entry for entry in done["recovery"]["before"]["records"] if entry["name"] == SHOP]

    undone = run_module(
        "dns_failover", to_dublin(servers, records=shop, active_site={"name": ACTIVE, "site": "frankfurt"})
    )

    assert servers.values(SHOP) == ["10.10.1.31"]
    assert undone["active_site"] == {"site": "frankfurt", "counter": 5}


def test_a_record_can_be_made_and_removed(servers: NameServers) -> None:
    def status(values: list[str]) -> dict[str, Any]:
        record = {"name": "status.storefront.example.", "type": "TXT", "ttl": 7, "values": values}
        return to_dublin(servers, records=[record], active_site=None)

    made = run_module("dns_failover", status(['a "quoted" value; with more']))
    assert made["records"][0]["before"] == {"ttl": 0, "values": []}
    assert made["worst_cache_seconds"] == 3, "a resolver may have kept the answer that there is no such record"
    assert run_module("dns_failover", status(['a "quoted" value; with more']))["changed"] is False
    removed = run_module("dns_failover", status([]))
    assert removed["worst_cache_seconds"] == 7
    assert servers.values("status.storefront.example.", "TXT") == []


def test_a_day_long_ttl_is_told_as_the_time_clients_may_be_wrong(servers: NameServers) -> None:
    record = {"name": "long.storefront.example.", "ttl": 5, "values": ["10.20.1.31"]}
    result = run_module("dns_failover", to_dublin(servers, records=[record], active_site=None), check_mode=True)
    assert result["worst_cache_seconds"] == 86400


def test_a_record_that_somebody_changed_is_left_alone_and_both_values_are_shown(servers: NameServers) -> None:
    servers.put(SHOP, 5, "A", "192.0.2.99")
    result = run_module("dns_failover", to_dublin(servers))

    assert result["error_code"] == "DR-DNS-PREREQ"
    assert "10.10.1.31" in result["msg"] and "192.0.2.99" in result["msg"]
    assert servers.values(SHOP) == ["192.0.2.99"]
    assert servers.values(ACTIVE, "TXT") == ["site=frankfurt counter=3"]


def test_a_change_between_reading_and_writing_is_caught_by_the_server(servers: NameServers) -> None:
    options = to_dublin(servers, unreachable_accepted=[])
    subject = records_to_point({**options, "server": servers.option(key_algorithm="hmac-sha256")})
    before = subject.describe()
    after = subject.plan(before)
    servers.put(SHOP, 5, "A", "192.0.2.99")

    with pytest.raises(NameServiceError) as caught:
        subject.apply(before, after)

    assert caught.value.error_code == "DR-DNS-PREREQ"
    assert "10.10.1.31" in str(caught.value) and "192.0.2.99" in str(caught.value)
    assert servers.values(ACTIVE, "TXT") == ["site=frankfurt counter=3"], "all or nothing"


def test_of_two_controllers_at_the_same_moment_only_one_moves_the_site(servers: NameServers) -> None:
    subjects = []
    for site in ("dublin", "madrid"):
        active = {"name": ACTIVE, "site": site, "expect_site": "frankfurt", "ttl": 5}
        options = to_dublin(servers, server=servers.option(key_algorithm="hmac-sha256"), active_site=active)
        subjects.append(records_to_point({**options, "records": [], "unreachable_accepted": []}))
    plans = [(subject, before := subject.describe(), subject.plan(before)) for subject in subjects]

    def move(index: int) -> str | None:
        subject, before, after = plans[index]
        try:
            subject.apply(before, after)
        except NameServiceError as error:
            return error.error_code
        return None

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(move, range(2)))

    assert sorted(str(outcome) for outcome in outcomes) == ["DR-DNS-PREREQ", "None"]


def test_the_site_named_by_the_record_must_be_the_expected_one(servers: NameServers) -> None:
    result = run_module(
        "dns_failover", to_dublin(servers, active_site={"name": ACTIVE, "site": "dublin", "expect_site": "madrid"})
    )
    assert result["error_code"] == "DR-DNS-PREREQ"
    assert "site=frankfurt counter=3" in result["msg"] and "madrid" in result["msg"]


def test_an_active_site_record_of_another_form_is_never_overwritten(servers: NameServers) -> None:
    servers.put(ACTIVE, 5, "TXT", '"by hand"')
    result = run_module("dns_failover", to_dublin(servers))
    assert result["failed"] and "by hand" in result["msg"]
    assert servers.values(SHOP) == ["10.10.1.31"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key_secret": OTHER_SECRET}, "DR-DNS-BADSIG"),
        ({"key_name": "unknown-key."}, "DR-DNS-BADKEY"),
        ({"key_name": "powerless-key."}, "DR-DNS-REFUSED"),
    ],
)
def test_a_wrong_key_is_told_apart_and_changes_nothing(
    servers: NameServers, changed: dict[str, str], code: str
) -> None:
    result = run_module("dns_failover", to_dublin(servers, server=servers.option(**changed)))
    assert result["error_code"] == code
    assert result["data_state"] == "untouched"
    assert servers.values(SHOP) == ["10.10.1.31"]


def test_clocks_that_differ_are_told_with_the_difference(servers: NameServers, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = records_to_point(
        {**to_dublin(servers), "server": servers.option(key_algorithm="hmac-sha256"), "unreachable_accepted": []}
    )
    before = subject.describe()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)

    with pytest.raises(NameServiceError) as caught:
        subject.apply(before, subject.plan(before))

    assert caught.value.error_code == "DR-DNS-BADTIME"
    assert caught.value.evidence["skew_seconds"] == pytest.approx(-3600, abs=3)


def test_a_server_that_is_not_authoritative_is_told(servers: NameServers) -> None:
    result = run_module(
        "dns_failover",
        to_dublin(
            servers,
            server=servers.option("foreign.example."),
            records=[{"name": "shop.foreign.example.", "ttl": 5, "values": ["10.20.1.31"]}],
            active_site=None,
        ),
    )
    assert result["error_code"] in ("DR-DNS-REFUSED", "DR-DNS-NOTAUTH")


def test_an_update_at_a_secondary_is_refused_and_told(servers: NameServers) -> None:
    result = run_module("dns_failover", to_dublin(servers, server=servers.option(primary=SECONDARY)))
    assert result["error_code"] in ("DR-DNS-REFUSED", "DR-DNS-NOTAUTH", "DR-DNS-NOTIMP")
    assert servers.values(SHOP) == ["10.10.1.31"]


def test_a_secondary_that_does_not_follow_is_named(stale_zone: NameServers) -> None:
    wanted = "10.20.1.31" if stale_zone.values("shop.stale.example.") == ["10.10.1.31"] else "10.10.1.31"
    record = {"name": "shop.stale.example.", "ttl": 5, "values": [wanted]}
    options = {"server": stale_zone.option(STALE_ZONE), "records": [record], "deadline_seconds": 0.5}

    result = run_module("dns_failover", options)

    assert result["error_code"] == "DR-DNS-STALE"
    assert result["recovery"]["stale"] == [LATE_SECONDARY]
    assert result["data_state"] == "new_live"
    again = run_module("dns_failover", options)
    assert again["error_code"] == "DR-DNS-STALE", "a second call does not call it done either"


def test_an_unreachable_server_stops_it_before_anything_is_changed(servers: NameServers) -> None:
    server = servers.option(authoritative=[PRIMARY, SECONDARY, NOBODY])
    result = run_module("dns_failover", to_dublin(servers, server=server))
    assert result["error_code"] == "DR-DNS-UNREACHABLE"
    assert NOBODY in result["msg"]
    assert servers.values(SHOP) == ["10.10.1.31"]


def test_an_accepted_unreachable_server_is_listed_and_costs_less_than_a_second_a_sweep(servers: NameServers) -> None:
    server = servers.option(authoritative=[PRIMARY, SECONDARY, NOBODY])
    started = time.monotonic()
    result = run_module("dns_failover", to_dublin(servers, server=server, unreachable_accepted=[NOBODY]))
    assert result["changed"] is True
    assert result["not_read"] == [NOBODY]
    assert time.monotonic() - started < 3


def test_a_dead_primary_is_told(servers: NameServers) -> None:
    result = run_module("dns_failover", to_dublin(servers, server=servers.option(primary=NOBODY)))
    assert result["error_code"] == "DR-DNS-UNREACHABLE"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"records": [{"name": SHOP, "ttl": 5, "values": ["10.20.1.310"]}]}, "10.20.1.310"),
        ({"records": [{"name": SHOP, "ttl": -1, "values": ["10.20.1.31"]}]}, "ttl"),
        ({"records": [{"name": "shop.elsewhere.example.", "ttl": 5, "values": ["10.20.1.31"]}]}, "zone"),
        ({"records": [{"name": SHOP, "type": "CNAME", "ttl": 5, "values": ["dublin"]}]}, "dot"),
        ({"records": [], "active_site": None}, "records"),
        ({"active_site": {"name": ACTIVE, "site": "Dublin; rm"}}, "active_site.site"),
        ({"unreachable_accepted": [PRIMARY]}, "unreachable_accepted"),
    ],
)
def test_bad_input_names_the_field(servers: NameServers, changed: dict[str, Any], named: str) -> None:
    result = run_module("dns_failover", to_dublin(servers, **changed))
    assert result["error_code"] == "DR-INPUT"
    assert named in result["msg"]


@pytest.mark.parametrize(("option", "value"), [("key_secret", "not base64!"), ("primary", "ns1.example.")])
def test_a_malformed_server_option_is_named(servers: NameServers, option: str, value: str) -> None:
    result = run_module("dns_failover", to_dublin(servers, server=servers.option(**{option: value})))
    assert result["error_code"] == "DR-INPUT"
    assert option in result["msg"]
