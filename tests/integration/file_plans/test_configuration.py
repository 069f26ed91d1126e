# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A configuration that is restored in place is read again when it differs, and stays only when its checks pass."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.file_plans.own_machine import OwnMachine, own_machine
from tests.integration.servers.process import free_port, wait_until

SETTINGS = "/srv/shop/settings"
# It answers with what it read last, and keeps a line for each time that it read.
SERVER = """
import http.server, pathlib, signal, sys
settings, reads, port = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
said = b""
def read(*_signal):
    global said
    said = settings.read_bytes()
    with reads.open("a") as log:
        print("read", file=log)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said)
signal.signal(signal.SIGHUP, read)
read()
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
INIT = """#!/bin/sh
# Provides: shop
case "$1" in
start) setsid {python} /srv/serve.py {settings} /srv/reads {port} >/dev/null 2>&1 & echo $! > /srv/pid ;;
stop) kill "$(cat /srv/pid)" ;;
reload) kill -HUP "$(cat /srv/pid)" ;;
status) kill -0 "$(cat /srv/pid)" ;;
esac
"""


class Shop:
    """A service with settings that a plan protects."""

    def __init__(self, machine: OwnMachine) -> None:
        self.machine = machine
        self.port = free_port()
        machine.write(SETTINGS, "greeting = hello\n")
        machine.write("/srv/serve.py", SERVER)
        init = INIT.format(python=sys.executable, settings=SETTINGS, port=self.port)
        machine.write("/etc/init.d/shop", init, "0755")
        machine.call("/etc/init.d/shop", "start")
        self.answers("hello")

    def answers(self, word: str) -> None:
        wait_until(f"the shop says {word}", lambda: word in self._said())

    def _said(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    @property
    def reads(self) -> int:
        return len(self.machine.read("/srv/reads").splitlines())

    def plan(self, name: str, *, health: str = "hello", fails: bool = False, **asked: Any) -> str:
        greeting = {"name": "the shop greets", "http": {"url": f"http://127.0.0.1:{self.port}/", "contains": health}}
        files = {
            "settings": {
                "kind": "configuration",
                "engine": {"files": {"paths": ["/srv/shop"], "host": "web1"}},
                "hosts": {"home": "web1"},
                "repositories": ["elsewhere"],
                "reload": ["shop"],
                "health": [greeting],
            }
        }
        return self.machine.plan(name, self._inventory(), fails=fails, files=files, **asked)

    def restore(self, **how: Any) -> str:
        return self.plan("restore", restore_files="settings", restore_mode="in_place", restore_confirm="web1", **how)

    def _inventory(self) -> Path:
        general = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "recovery_group": "shop",
            "recovery_objectives": {"rto_seconds": 60, "rpo_seconds": 60, "rpo_bytes": 1},
            "recovery_sites": {"home": {"label": "Home"}},
            "recovery_databases": {},
            "recovery_service_manager": "sysvinit",
        }
        hosts: dict[str, Any] = {"localhost": {}, "web1": {}}
        groups: dict[str, Any] = {name: {"hosts": {"web1": {}}} for name in ("file_hosts", "site_home")}
        file = self.machine.home / "hosts.json"
        file.write_text(json.dumps({"all": {"hosts": hosts, "children": groups, "vars": general}}))
        return file


@pytest.fixture
def shop(home: Path) -> Iterator[Shop]:
    with own_machine(home) as machine:
        yield Shop(machine)


def test_a_configuration_is_read_again_when_it_differs_and_stays_when_its_checks_pass(shop: Shop) -> None:
    shop.plan("protect")
    shop.restore()
    assert shop.reads == 1

    shop.machine.write(SETTINGS, "greeting = spoilt\n")
    shop.machine.call("/etc/init.d/shop", "reload")
    shop.answers("spoilt")
    said = shop.restore()
    shop.answers("hello")
    assert shop.reads == 3
    assert "1 changed" in said and SETTINGS in said

    shop.machine.write(SETTINGS, "greeting = better\n")
    shop.machine.call("/etc/init.d/shop", "reload")
    shop.answers("better")
    said = shop.restore(health="something else", fails=True)
    assert "the shop greets" in said and "Nothing was restored" in said
    shop.answers("better")
    assert shop.machine.read(SETTINGS) == "greeting = better\n"
