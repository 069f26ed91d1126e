"""The shop over HTTP/1.1, one thread per connection, with a stop that loses no request."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from storefront.application.database import DatabaseUnavailable
from storefront.application.shop import Answer, BadRequest, Shop

LARGEST_BODY = 64 * 1024
Handler = Callable[[Shop, Mapping[str, str], Mapping[str, Any]], Answer]

ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (
        "GET",
        re.compile(r"/api/v1/(?P<service>users|products|orders|payments)/health"),
        lambda shop, path, body: shop.health(path["service"]),
    ),
    ("GET", re.compile(r"/api/v1/users"), lambda shop, path, body: shop.users()),
    ("GET", re.compile(r"/api/v1/products"), lambda shop, path, body: shop.products()),
    ("POST", re.compile(r"/api/v1/orders"), lambda shop, path, body: shop.place_order(body)),
    ("GET", re.compile(r"/api/v1/orders/(?P<id>[^/]+)"), lambda shop, path, body: shop.order(path["id"])),
    ("POST", re.compile(r"/api/v1/payments"), lambda shop, path, body: shop.pay_order(body)),
]


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that a stop ends the idle ones and lets the others finish."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], shop: Shop) -> None:
        super().__init__(address, Connection)
        self.shop = shop
        self.draining = False
        self._open: dict[socket.socket, bool] = {}
        self._changed = threading.Condition()

    def opened(self, connection: socket.socket) -> None:
        with self._changed:
            self._open[connection] = False

    def closed(self, connection: socket.socket) -> None:
        with self._changed:
            self._open.pop(connection, None)
            self._changed.notify_all()

    def busy(self, connection: socket.socket, busy: bool) -> None:
        with self._changed:
            self._open[connection] = busy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle, as a proxy's health check may, is not worth a word."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def drain(self, seconds: float) -> bool:
        """Take no new connection, end the idle ones, wait for the rest. True when all have finished."""
        self.shutdown()
        self.server_close()
        with self._changed:
            self.draining = True
            for connection, busy in self._open.items():
                if not busy:
                    with contextlib.suppress(OSError):  # The client may have left by itself.
                        connection.shutdown(socket.SHUT_RD)
            return self._changed.wait_for(lambda: not self._open, timeout=seconds)


class Connection(BaseHTTPRequestHandler):
    """One client connection; its requests are answered one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "storefront"
    disable_nagle_algorithm = True
    wbufsize = -1  # Header and body leave in one packet.
    timeout = 60
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.closed(self.connection)

    def parse_request(self) -> bool:
        self.server.busy(self.connection, True)
        return super().parse_request()

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        status, payload = self._outcome(method)
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Site", self.server.shop.site)
        if self.server.draining or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.server.busy(self.connection, False)
        if self.server.draining:
            self.close_connection = True

    def _outcome(self, method: str) -> Answer:
        try:
            body = self._body() if method == "POST" else {}
            return self._route(method, body)
        except BadRequest as error:
            return 400, {"error": str(error)}
        except DatabaseUnavailable as error:
            return 503, {"error": f"The database does not take requests: {error}"}
        except Exception as error:
            print(f"{method} {self.path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return 500, {"error": f"{type(error).__name__}: {error}"}

    def _route(self, method: str, body: Mapping[str, Any]) -> Answer:
        path = self.path.partition("?")[0]
        matches = [(wanted, route.fullmatch(path), handler) for wanted, route, handler in ROUTES]
        known = [(wanted, match, handler) for wanted, match, handler in matches if match]
        for wanted, match, handler in known:
            if wanted == method:
                return handler(self.server.shop, match.groupdict(), body)
        if known:
            return 405, {"error": f"{method} is not offered at {path}."}
        return 404, {"error": f"There is nothing at {path}."}

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True  # What the client still sends cannot be told from a next request.
            raise BadRequest(f"Content-Length must be a number up to {LARGEST_BODY}.")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise BadRequest("The body must be JSON.") from None
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object.")
        return body

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are recorded by the client and the proxy."""
