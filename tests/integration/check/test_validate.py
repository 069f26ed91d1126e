# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""validate against real servers: every kind of check, passed and failed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.name_servers import ADDRESSES, LATE_SECONDARY, NOBODY, PRIMARY, STALE_ZONE, NameServers
from tests.integration.servers.postgresql import Server
from tests.integration.servers.process import free_port, wait_until

SHOP = "shop.storefront.example."


def run(*checks: dict[str, Any], check_mode: bool = False, **options: Any) -> dict[str, Any]:
    named = [{"name": f"check {number}", **check} for number, check in enumerate(checks, 1)]
    return run_module("validate", {"checks": named, **options}, check_mode=check_mode)


def asking(servers: NameServers, **changed: Any) -> dict[str, Any]:
    return {"name_servers": list(ADDRESSES), "name_server_port": servers.port, **changed}


def sql(server: Server, **changed: Any) -> dict[str, Any]:
    own = {"host": "127.0.0.1", "port": server.port, "user": "postgres", "query": "SELECT 6 * 7", "expected": "42"}
    return {"sql": {**own, **changed}}


def replication(standby: Server, primary: Server, **changed: Any) -> dict[str, Any]:
    own = {
        "host": "127.0.0.1",
        "port": standby.port,
        "primary_host": "127.0.0.1",
        "primary_port": primary.port,
        "user": "postgres",
    }
    return {"replication": {**own, **changed}}


def test_every_kind_passes_when_all_is_well(servers: NameServers, shop: str, primary: Server, standby: Server) -> None:
    wait_until(
        "the standby streams", lambda: standby.ask("SELECT status FROM pg_stat_wal_receiver") == "streaming", seconds=15
    )
    result = run(
        {"tcp": {"host": "127.0.0.1", "port": primary.port}},
        {"dns": {"name": SHOP, "values": [PRIMARY]}},
        {"http": {"url": f"{shop}/health", "contains": '"ok"', "site": "dublin"}},
        sql(primary),
        replication(
            standby, primary, system_identifier=primary.ask("SELECT system_identifier FROM pg_control_system()")
        ),
        **asking(servers),
    )
    assert result.get("msg") is None
    assert result["passed"] is True and result["changed"] is False
    assert [check["kind"] for check in result["checks"]] == ["tcp", "dns", "http", "sql", "replication"]
    assert result["failed_checks"] == []


def test_all_failed_checks_are_named_and_the_others_are_still_told(primary: Server) -> None:
    closed = {"tcp": {"host": "127.0.0.1", "port": free_port()}}
    result = run(closed, sql(primary), sql(primary, expected="41"))
    assert result["error_code"] == "DR-CHECK"
    assert result["failed_checks"] == ["check 1", "check 3"]
    assert "check 1" in result["msg"] and "check 3" in result["msg"] and "check 2" not in result["msg"]
    assert [check["passed"] for check in result["checks"]] == [False, True, False]
    assert result["checks"][2]["observed"] == "42" and result["checks"][2]["expected"] == "41"


def test_it_can_tell_without_failing() -> None:
    result = run({"tcp": {"host": "127.0.0.1", "port": free_port()}}, fail=False)
    assert "failed" not in result
    assert result["passed"] is False


def test_a_check_of_the_future_is_listed_and_not_run_in_check_mode(primary: Server) -> None:
    future = {**sql(primary, expected="41"), "future": True}
    foreseen = run(sql(primary), future, check_mode=True)
    assert foreseen["not_run"] == ["check 2"] and foreseen["passed"] is True
    assert run(sql(primary), future)["failed_checks"] == ["check 2"]


def test_checks_run_at_the_same_time_and_a_hanging_one_fails_at_its_deadline(shop: str, servers: NameServers) -> None:
    hanging = {"http": {"url": f"{shop}/hang"}, "deadline_seconds": 0.5}
    started = time.monotonic()
    result = run(*[hanging] * 8, {"http": {"url": f"{shop}/health"}}, **asking(servers))
    assert time.monotonic() - started < 2.5
    assert len(result["failed_checks"]) == 8
    assert "0.5 s" in result["checks"][0]["observed"]


def test_a_failing_check_is_repeated_until_it_passes(primary: Server) -> None:
    query = "SELECT extract(epoch FROM clock_timestamp()) > %s"
    later = sql(primary, query=query % (time.time() + 0.6), expected="True")
    assert run(later, fail=False)["passed"] is False
    result = run(later, wait_seconds=5)
    assert result["passed"] is True and result["checks"][0]["attempts"] > 1


def test_a_cache_or_a_hosts_file_cannot_answer_for_the_name_servers(shop: str, servers: NameServers) -> None:
    result = run({"http": {"url": f"{shop}/health"}}, **asking(servers))
    assert result["checks"][0]["evidence"]["at"] == [PRIMARY]
    assert set(result["checks"][0]["evidence"]["resolved"]) == set(ADDRESSES)


@pytest.mark.parametrize(
    ("path", "changed", "options", "seen"),
    [
        ("/health", {"site": "frankfurt"}, {}, "dublin"),
        ("/health", {}, {"site": "frankfurt"}, "dublin"),
        ("/silent", {"site": "dublin"}, {}, "does not tell"),
        ("/broken", {}, {}, "status 500"),
        ("/health", {"contains": "no such text"}, {}, "status 200"),
    ],
)
def test_an_answer_from_the_wrong_place_or_of_the_wrong_kind_fails(
    servers: NameServers, shop: str, path: str, changed: dict[str, Any], options: dict[str, Any], seen: str
) -> None:
    result = run({"http": {"url": f"{shop}{path}", **changed}}, **asking(servers), **options)
    assert result["error_code"] == "DR-CHECK"
    assert seen in result["checks"][0]["observed"]


def test_the_records_of_the_inventory_say_what_the_name_should_be(servers: NameServers, shop: str) -> None:
    records = [{"name": SHOP, "type": "A", "ttl": 5, "values": {"dublin": [PRIMARY], "frankfurt": ["10.10.1.31"]}}]
    check = {"dns": {"name": SHOP}}
    assert run(check, site="dublin", records=records, **asking(servers))["passed"] is True
    failed = run(check, site="frankfurt", records=records, **asking(servers))
    assert "10.10.1.31" in failed["checks"][0]["expected"]
    unknown = run(check, site="madrid", records=records, **asking(servers))
    assert unknown["error_code"] == "DR-INPUT"


def test_servers_that_disagree_fail_and_are_named(servers: NameServers) -> None:
    servers.put("shop.stale.example.", 5, "A", "10.20.1.31", zone=STALE_ZONE)
    result = run({"dns": {"name": "shop.stale.example.", "values": ["10.20.1.31"]}}, **asking(servers))
    assert LATE_SECONDARY in result["checks"][0]["observed"]


def test_a_lost_name_server_fails_unless_it_is_accepted(servers: NameServers, shop: str) -> None:
    check = {"dns": {"name": SHOP, "values": [PRIMARY]}}
    lost = asking(servers, name_servers=[*ADDRESSES, NOBODY])
    failed = run(check, **lost)
    assert NOBODY in failed["checks"][0]["observed"]
    assert run(check, **lost, unreachable_accepted=[NOBODY])["passed"] is True


def test_a_database_that_is_gone_or_refuses_is_told(primary: Server) -> None:
    result = run(sql(primary, port=free_port()), sql(primary, user="nobody"), sql(primary, query="SELECT 1/0"))
    assert [check["passed"] for check in result["checks"]] == [False, False, False]
    assert "refused" in result["checks"][0]["observed"]
    assert "nobody" in result["checks"][1]["observed"]
    assert "division" in result["checks"][2]["observed"]


def test_a_query_cannot_write_and_cannot_hang(primary: Server) -> None:
    writing = sql(primary, query="CREATE TABLE written ()", expected="")
    sleeping = {**sql(primary, query="SELECT pg_sleep(30)"), "deadline_seconds": 0.5}
    result = run(writing, sleeping)
    assert "read-only" in result["checks"][0]["observed"]
    assert result["checks"][1]["seconds"] < 2
    assert primary.ask("SELECT to_regclass('written') IS NULL")


def test_a_pair_that_is_none_fails_with_every_reason(primary: Server, standby: Server) -> None:
    swapped = run(replication(standby=primary, primary=standby))
    observed = swapped["checks"][0]["observed"]
    assert "the standby is no standby" in observed and "the primary is no primary" in observed
    foreign = run(replication(standby, primary, system_identifier="1"))
    assert "where 1 is declared" in foreign["checks"][0]["observed"]


def test_a_standby_that_stopped_following_fails_by_its_lag(primary: Server, standby: Server) -> None:
    standby.ask("SELECT pg_wal_replay_pause()")
    try:
        primary.ask("CREATE TABLE filler AS SELECT generate_series(1, 20000) AS number")
        result = run(replication(standby, primary, max_lag_bytes=1000))
        assert "bytes behind" in result["checks"][0]["observed"]
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")


@pytest.mark.parametrize(
    ("check", "named"),
    [
        ({"tcp": {"host": "127.0.0.1", "port": 1}, "dns": {"name": "a.example."}}, "mutually exclusive"),
        ({}, "one of"),
        ({"http": {"url": "ftp://shop.storefront.example/"}}, "url"),
        ({"dns": {"name": SHOP, "values": ["10.0.0.1"], "servers": ["ns1.example."]}}, "ns1.example."),
    ],
)
def test_bad_input_is_named(check: dict[str, Any], named: str) -> None:
    result = run(check)
    assert result["failed"] and named in result["msg"]


def test_no_check_is_no_proof() -> None:
    assert run_module("validate", {"checks": []})["error_code"] == "DR-INPUT"


def test_two_checks_of_the_same_name_are_refused(primary: Server) -> None:
    twice = {"name": "the same", **sql(primary)}
    assert run_module("validate", {"checks": [twice, twice]})["error_code"] == "DR-INPUT"
