# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before an object store, a server that now and then says 200, promises so many bytes, and sends half of them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

# Of the answers that have something to cut.
CUTS_EVERY = 5


def handler_before(port: int) -> type[BaseHTTPRequestHandler]:
    numbers = count(1)

    class CuttingHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            store = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    store.putheader(name, value)
                store.endheaders(body)
                self._answer(store.getresponse())
            finally:
                store.close()

        def _answer(self, response: http.client.HTTPResponse) -> None:
            content = response.read()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            is_bodiless = self.command == "HEAD" or response.status in (204, 304)
            length = response.getheader("Content-Length") or "0" if is_bodiless else str(len(content))
            if response.status != 204:
                self.send_header("Content-Length", length)
            self.end_headers()
            is_cut = self.command == "GET" and len(content) > 1 and next(numbers) % CUTS_EVERY == 0
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            self.close_connection = self.close_connection or is_cut

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _pass_on

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return CuttingHandler


class QuietServer(ThreadingHTTPServer):
    """A client that leaves is nothing to tell."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet."""


@contextmanager
def cutting_proxy(port: int, before: int) -> Iterator[None]:
    """At a port, before that of a store."""
    server = QuietServer(("127.0.0.1", port), handler_before(before))
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        worker.join()
