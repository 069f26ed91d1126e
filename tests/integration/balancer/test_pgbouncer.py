# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lb_failover and lb_failover_info against PgBouncer."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module
from tests.integration.servers.pgbouncer import PASSWORD, Pooler
from tests.integration.servers.postgresql import Server

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_console import (
    PoolerAddress,
    PoolerConsole,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PoolerError


def tell(pooler: Pooler, *, check_mode: bool = False, deadline: float = 5, **changed: Any) -> dict[str, Any]:
    options = {"balancer": pooler.option(**changed), "deadline_seconds": deadline}
    return run_module("lb_failover", options, check_mode=check_mode)


def point(pooler: Pooler, server: Server, **changed: Any) -> dict[str, Any]:
    return tell(pooler, database_host="127.0.0.1", database_port=server.port, **changed)


def console_of(pooler: Pooler, password: str = PASSWORD) -> PoolerConsole:
    return PoolerConsole(PoolerAddress("127.0.0.1", pooler.port, "recovery", password))


def is_paused(pooler: Pooler) -> bool:
    with console_of(pooler) as console:
        return console.database("storefront", Deadline(2)).paused


def test_the_entry_points_elsewhere_and_the_rest_of_the_file_stays(
    pooler: Pooler, frankfurt: Server, dublin: Server
) -> None:
    former = pooler.databases_file.read_text()
    result = point(pooler, dublin)

    assert result["changed"] is True
    assert result["recovery"]["before"]["served"]["port"] == frankfurt.port
    assert pooler.server_port() == dublin.port
    written = pooler.databases_file.read_text()
    assert written.splitlines()[:2] == former.splitlines()[:2]
    assert "application_name='the shop'" in written
    status = pooler.databases_file.stat()
    assert status.st_mode & 0o777 == 0o640
    assert pooler.databases_file.owner() == "postgres"
    assert point(pooler, dublin)["changed"] is False


def test_check_mode_foresees_and_changes_nothing(pooler: Pooler, frankfurt: Server, dublin: Server) -> None:
    foreseen = point(pooler, dublin, check_mode=True)
    assert pooler.server_port() == frankfurt.port
    done = point(pooler, dublin)
    assert foreseen["diff"] == done["diff"]
    assert foreseen.keys() == done.keys()


def test_a_staged_target_is_taken_over_by_the_next_reload(pooler: Pooler, frankfurt: Server, dublin: Server) -> None:
    staged = point(pooler, dublin, stage=True)
    assert staged["serving"]["served"]["port"] == frankfurt.port
    assert staged["serving"]["after_reload"]["port"] == dublin.port
    assert staged["recovery"]["before"]["after_reload"]["port"] == frankfurt.port
    assert pooler.server_port() == frankfurt.port
    assert point(pooler, dublin, stage=True)["changed"] is False

    with console_of(pooler) as console:
        console.reload(Deadline(2))
    assert pooler.server_port() == dublin.port


def test_a_staged_target_can_be_taken_back(pooler: Pooler, frankfurt: Server, dublin: Server) -> None:
    staged = point(pooler, dublin, stage=True)
    former = staged["recovery"]["before"]["after_reload"]
    tell(pooler, database_host=former["host"], database_port=former["port"])
    with console_of(pooler) as console:
        console.reload(Deadline(2))
    assert pooler.server_port() == frankfurt.port


def test_traffic_is_held_and_flows_again(pooler: Pooler, frankfurt: Server) -> None:
    assert tell(pooler, state="paused")["serving"]["state"] == "paused"
    assert tell(pooler, state="paused")["changed"] is False
    answers: list[int] = []
    client = threading.Thread(target=lambda: answers.append(pooler.server_port()))
    client.start()
    client.join(0.3)
    assert answers == [], "held"

    assert tell(pooler, state="active")["changed"] is True
    client.join(5)
    assert answers == [frankfurt.port], "delayed, not failed"


def test_a_pause_that_does_not_return_is_resumed_and_names_who_was_in_the_way(pooler: Pooler) -> None:
    holder = pooler.connect(application_name="long report")
    with holder.cursor() as cursor:
        cursor.execute("SELECT 1")
        started = time.monotonic()
        result = tell(pooler, state="paused", deadline=1)
        assert time.monotonic() - started < 4
        assert result["error_code"] == "DR-POOL"
        assert "long report" in result["msg"] and "resumed" in result["msg"]
        assert result["recovery"]["in_the_way"][0]["application"] == "long report"
        assert not is_paused(pooler)
        assert pooler.server_port() > 0, "others go on meanwhile"
        cursor.execute("SELECT 2")
    holder.commit()
    holder.close()


def test_sessions_of_a_server_that_is_gone_are_dropped_on_demand(pooler: Pooler, dublin: Server) -> None:
    holder = pooler.connect()
    with holder.cursor() as cursor:
        cursor.execute("SELECT 1")
    point(pooler, dublin, drop_sessions=True)
    with console_of(pooler) as console:
        assert console.clients(Deadline(2), database="storefront") == []
    assert pooler.server_port() == dublin.port
    holder.close()


def test_an_unknown_entry_is_named_with_those_that_exist(pooler: Pooler, dublin: Server) -> None:
    result = point(pooler, dublin, entry="shop")
    assert result["error_code"] == "DR-INPUT"
    assert "shop" in result["msg"] and "storefront" in result["msg"]


def test_a_wrong_password_is_told_before_anything_changes(pooler: Pooler, dublin: Server) -> None:
    former = pooler.databases_file.read_text()
    result = point(pooler, dublin, admin_password="wrong")
    assert result["error_code"] == "DR-POOL"
    assert "wrong" not in result["msg"]
    assert pooler.databases_file.read_text() == former


def test_a_console_that_is_not_there_is_told(pooler: Pooler, dublin: Server) -> None:
    former = pooler.databases_file.read_text()
    result = point(pooler, dublin, port=1)
    assert result["error_code"] == "DR-POOL"
    assert pooler.databases_file.read_text() == former


def test_a_file_that_the_pooler_does_not_include_is_found_out_and_put_back(
    pooler: Pooler, frankfurt: Server, dublin: Server
) -> None:
    stray = pooler.databases_file.with_name("stray.ini")
    stray.write_text(pooler.databases_file.read_text())
    result = point(pooler, dublin, databases_file=str(stray), deadline=1)
    assert result["error_code"] == "DR-POOL"
    assert "includes" in result["msg"]
    assert str(dublin.port) not in stray.read_text()
    assert pooler.server_port() == frankfurt.port


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"database_host": "10.0.0.1 port=1"}, "database_host"),
        ({"stage": True}, "database_host"),
        ({"database_port": 5432}, "database_host"),
    ],
)
def test_bad_input_names_the_field(pooler: Pooler, changed: dict[str, Any], named: str) -> None:
    result = tell(pooler, **changed)
    assert result["error_code"] == "DR-INPUT"
    assert named in result["msg"]


def test_what_is_served_now_can_be_read(pooler: Pooler, frankfurt: Server) -> None:
    holder = pooler.connect()
    with holder.cursor() as cursor:
        cursor.execute("SELECT 1")
    serving = run_module("lb_failover_info", {"balancer": pooler.option()})["serving"]
    assert serving["served"] == serving["after_reload"]
    assert serving["served"]["port"] == frankfurt.port
    assert (serving["state"], serving["clients"], serving["clients_in_transaction"]) == ("active", 1, 1)
    holder.rollback()
    holder.close()


def test_the_console_refuses_a_name_that_it_cannot_quote(pooler: Pooler) -> None:
    with console_of(pooler) as console, pytest.raises(InputError):
        console.kill('x"; SHUTDOWN', Deadline(1))


def test_a_pause_through_the_console_waits_for_the_transaction_and_loses_nothing(pooler: Pooler) -> None:
    holder = pooler.connect()
    with holder.cursor() as cursor, console_of(pooler) as console:
        cursor.execute("SELECT 1")
        done = threading.Timer(0.2, holder.commit)
        done.start()
        console.pause("storefront", Deadline(3))
        assert console.database("storefront", Deadline(1)).paused
        console.resume("storefront", Deadline(1))
    done.join()
    holder.close()


def test_a_console_whose_pooler_died_is_an_error_and_not_a_hang(frankfurt: Server) -> None:
    console = PoolerConsole(PoolerAddress("127.0.0.1", 1, "recovery", PASSWORD), connect_seconds=0.5)
    with pytest.raises(PoolerError, match="refused"):
        console.pause("storefront", Deadline(1))
