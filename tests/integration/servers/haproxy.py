# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HAProxy on loopback with a master process, before an application that can hold a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.integration.servers.process import free_port, running, wait_until

CONFIGURATION = """
global
  stats socket {home}/admin.sock mode 600 level admin
  server-state-file {home}/server-state
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  load-server-state-from-file global
  default-server inter 100ms fall 2 rise 1
frontend public
  bind 127.0.0.1:{port}
  default_backend storefront
backend storefront
  option httpchk GET /health
  server app1 127.0.0.1:{app_port} check
  server app2 127.0.0.1:{app_port} check
backend other
  server app1 127.0.0.1:{app_port}
"""


class Application(BaseHTTPRequestHandler):
    """Answers at once, but for /hold, which answers when released."""

    released = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/hold":
            self.released.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@dataclass(frozen=True)
class Proxy:
    """One running HAProxy."""

    home: Path
    port: int

    def option(self, **changed: Any) -> dict[str, Any]:
        own = {
            "socket": str(self.home / "admin.sock"),
            "state_file": str(self.home / "server-state"),
            "configuration_file": str(self.home / "haproxy.cfg"),
            "backends": ["storefront"],
        }
        return {"haproxy": {**own, **changed}}

    def ask(self, command: str, name: str = "admin.sock") -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self.home / name))
            connection.sendall(command.encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def worker(self) -> str:
        return next(line for line in self.ask("show info").splitlines() if line.startswith("Pid:"))

    def reload(self) -> None:
        former = self.worker()
        with suppress(TimeoutError):
            self.ask("reload", "master.sock")
        wait_until("a new worker is in charge", lambda: self._other_worker(former))

    def _other_worker(self, former: str) -> bool:
        try:
            return self.worker() != former
        except OSError:
            return False

    def serves(self) -> bool:
        """Whether worker and master both answer: the master starts over once the worker runs."""
        try:
            return "worker" in self.ask("show proc", "master.sock") and "200" in self.get("/")
        except OSError:
            return False

    def get(self, path: str) -> str:
        """The status line of one request, empty when the session was shut."""
        with self.open(path) as connection:
            return self.status(connection)

    def open(self, path: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return connection

    @staticmethod
    def status(connection: socket.socket) -> str:
        try:
            return connection.recv(4096).decode().partition("\r\n")[0]
        except ConnectionResetError:
            return ""

    def sessions(self) -> int:
        rows = [line.split(",") for line in self.ask("show stat -1 4 -1").splitlines()[1:] if line]
        return sum(int(row[4]) for row in rows if row[0] == "storefront")


@contextmanager
def application() -> Iterator[ThreadingHTTPServer]:
    Application.released.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        Application.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def haproxy(home: Path, app_port: int) -> Iterator[Proxy]:
    port = free_port()
    (home / "haproxy.cfg").write_text(CONFIGURATION.format(home=home, port=port, app_port=app_port))
    argv = ["/usr/sbin/haproxy", "-W", "-db", "-S", f"{home}/master.sock", "-f", f"{home}/haproxy.cfg"]
    with running(argv, home / "log"):
        proxy = Proxy(home, port)
        wait_until("HAProxy serves", proxy.serves)
        yield proxy
