# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lb_failover and lb_failover_info against HAProxy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.haproxy import Application, Proxy, application, haproxy
from tests.integration.servers.module_run import run_module
from tests.integration.servers.process import wait_until


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with application() as server, haproxy(tmp_path, server.server_address[1]) as running:
        yield running


def tell(proxy: Proxy, state: str, *, check_mode: bool = False, **changed: Any) -> dict[str, Any]:
    options = {"balancer": proxy.option(state=state, **changed), "deadline_seconds": 5}
    return run_module("lb_failover", options, check_mode=check_mode)


def served(proxy: Proxy) -> dict[str, tuple[str, str]]:
    result = run_module("lb_failover_info", {"balancer": proxy.option()})
    return {entry["server"]: (entry["state"], entry["after_reload"]) for entry in result["serving"]["servers"]}


def test_servers_leave_and_come_back_and_a_second_call_changes_nothing(proxy: Proxy) -> None:
    left = tell(proxy, "maint")
    assert left["changed"] is True
    assert "503" in proxy.get("/")
    assert tell(proxy, "maint")["changed"] is False

    back = tell(proxy, "ready")
    assert back["changed"] is True
    assert [entry["up"] for entry in back["serving"]["servers"]] == [True, True]
    assert "200" in proxy.get("/")
    assert tell(proxy, "ready")["changed"] is False


def test_check_mode_foresees_and_changes_nothing(proxy: Proxy) -> None:
    foreseen = tell(proxy, "maint", check_mode=True)
    assert foreseen["changed"] is True
    assert "200" in proxy.get("/")
    done = tell(proxy, "maint")
    assert foreseen["diff"] == done["diff"]
    assert foreseen.keys() == done.keys()


@pytest.mark.parametrize("state", ["maint", "drain", "ready"])
def test_a_reload_keeps_the_decision(proxy: Proxy, state: str) -> None:
    if state == "ready":
        tell(proxy, "maint")
    tell(proxy, state)
    proxy.reload()
    assert served(proxy) == {"app1": (state, state), "app2": (state, state)}
    assert ("200" if state == "ready" else "503") in proxy.get("/")


def test_only_the_named_server_is_touched(proxy: Proxy) -> None:
    tell(proxy, "maint", servers=["app2"])
    assert served(proxy) == {"app1": ("ready", "ready"), "app2": ("maint", "maint")}
    assert "200" in proxy.get("/")


def test_a_decision_that_was_not_kept_is_kept_by_the_next_call(proxy: Proxy) -> None:
    proxy.ask("set server storefront/app1 state maint")
    proxy.ask("set server storefront/app2 state maint")
    assert tell(proxy, "maint")["changed"] is True
    proxy.reload()
    assert served(proxy)["app1"] == ("maint", "maint")


def test_a_session_that_ends_in_time_ends_well(proxy: Proxy) -> None:
    with proxy.open("/hold") as connection:
        wait_until("the request is held", lambda: proxy.sessions() == 1)
        Application.released.set()
        result = tell(proxy, "maint", drain_seconds=3)
        assert "200" in proxy.status(connection)
    assert result["sessions_shut"] == 0


def test_a_session_that_stays_is_shut_at_the_deadline(proxy: Proxy) -> None:
    with proxy.open("/hold") as connection:
        wait_until("the request is held", lambda: proxy.sessions() == 1)
        started = time.monotonic()
        result = tell(proxy, "maint", drain_seconds=0.3)
        assert time.monotonic() - started < 3
        assert "200" not in proxy.status(connection)
    assert result["sessions_shut"] == 1
    assert proxy.sessions() == 0


def test_a_session_on_the_worker_of_before_a_reload_is_shut_too(proxy: Proxy) -> None:
    with proxy.open("/hold") as connection:
        wait_until("the request is held", lambda: proxy.sessions() == 1)
        proxy.reload()
        master = str(proxy.home / "master.sock")
        result = tell(proxy, "maint", drain_seconds=0.3, master_socket=master)
        assert result.get("sessions_shut") == 1, result.get("msg")
        assert "200" not in proxy.status(connection)


def test_a_server_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    with application() as server, haproxy(tmp_path, server.server_address[1]) as proxy:
        tell(proxy, "maint")
        server.shutdown()
        server.server_close()
        result = run_module("lb_failover", {"balancer": proxy.option(state="ready"), "deadline_seconds": 0.8})
        assert result["error_code"] == "DR-LB"
        assert "storefront/app1" in result["msg"] and "application" in result["next_action"]
        assert served(proxy)["app1"] == ("maint", "maint"), "it never took traffic"
        assert "failed" not in tell(proxy, "ready", wait_until_up=False)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"servers": ["app9"]}, "storefront/app9"), ({"backends": ["shop"]}, "backend shop")],
)
def test_an_unknown_server_is_named_with_those_that_exist(proxy: Proxy, changed: dict[str, Any], named: str) -> None:
    result = tell(proxy, "maint", **changed)
    assert result["error_code"] == "DR-INPUT"
    assert named in result["msg"] and "storefront/app1" in result["msg"]
    assert "200" in proxy.get("/")


def test_a_socket_that_is_gone_is_told_and_nothing_changes(proxy: Proxy) -> None:
    (proxy.home / "admin.sock").unlink()
    result = tell(proxy, "maint")
    assert result["error_code"] == "DR-LB"
    assert "admin.sock" in result["msg"] and "No such file" in result["msg"]
    assert "200" in proxy.get("/")


def test_a_configuration_that_would_forget_is_refused_before_anything_changes(proxy: Proxy) -> None:
    configuration = proxy.home / "haproxy.cfg"
    configuration.write_text(configuration.read_text().replace("load-server-state-from-file global", ""))
    result = tell(proxy, "maint")
    assert result["error_code"] == "DR-LB"
    assert "load-server-state-from-file global" in result["msg"]
    assert "200" in proxy.get("/")
