# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A primary with a standby, name servers, and an application that tells its site, for all tests of the checks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.integration.servers.name_servers import PRIMARY, NameServers
from tests.integration.servers.postgresql import Server, postgresql, standby_of


@pytest.fixture(scope="session")
def servers(all_name_servers: NameServers) -> NameServers:
    return all_name_servers


@pytest.fixture(scope="session")
def primary() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def standby(primary: Server) -> Iterator[Server]:
    with standby_of(primary) as server:
        yield server


class Shop(BaseHTTPRequestHandler):
    """Tells its site at /health, none at /silent, an error at /broken, and never answers at /hang."""

    released = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/hang":
            self.released.wait(30)
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path != "/silent":
            self.send_header("X-Site", "dublin")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="session")
def shop(servers: NameServers) -> Iterator[str]:
    """The URL of an application behind the public name, which the name servers give the address of."""
    application = ThreadingHTTPServer((PRIMARY, 0), Shop)
    application.daemon_threads = True
    thread = threading.Thread(target=application.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    servers.put("shop.storefront.example.", 5, "A", PRIMARY)
    yield f"http://shop.storefront.example:{application.server_address[1]}"
    Shop.released.set()
    application.shutdown()
    application.server_close()
    thread.join()
