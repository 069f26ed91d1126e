"""The load client against a real web server: the schedule goes on whatever the server does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from storefront.load.client import Client
from storefront.load.load import Load, Pace, kinds
from storefront.load.record import Entry, Record, entries
from storefront.load.resolver import Answer, Resolver


class StandIn(ThreadingHTTPServer):
    """Answers with `status` at once, or, while `held`, not at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StandInRequest)
        self.open = threading.Event()
        self.open.set()
        self.status = 201
        self.connections = 0


class StandInRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.server.open.wait()
        self.send_response(self.server.status)
        self.send_header("X-Site", "frankfurt")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.open.set()
    server.shutdown()
    thread.join()
    server.server_close()


def shopping(shop: StandIn, record: Path, pace: Pace) -> list[Entry]:
    resolver = Resolver("shop.example", ["ns"], ask=lambda *_: Answer(("127.0.0.1",), 5.0))
    writer = Record(record, None)
    client = Client(f"http://shop.example:{shop.server_port}", resolver)
    Load(client, writer, pace).run(threading.Event())
    client.close()
    writer.close()
    return sorted(entries(record), key=lambda entry: entry.at)


def test_every_tenth_order_comes_with_a_read_and_every_twentieth_with_a_payment() -> None:
    due = [kind for tick in range(40) for kind in kinds(tick)]
    assert {kind: due.count(kind) for kind in set(due)} == {"order": 40, "read": 4, "payment": 2}


def test_good_orders_are_recorded_with_the_site_over_few_connections(shop: StandIn, tmp_path: Path) -> None:
    seen = shopping(shop, tmp_path / "record", Pace(rate=100, duration=0.5))
    orders = [entry for entry in seen if entry.kind == "order"]
    assert len(orders) == 50
    assert all(entry.ok and entry.site == "frankfurt" and entry.id for entry in orders)
    assert shop.connections <= 10


def test_a_stall_is_measured_from_the_moment_each_request_was_due(shop: StandIn, tmp_path: Path) -> None:
    shop.open.clear()
    timer = threading.Timer(0.5, shop.open.set)
    timer.start()
    seen = shopping(shop, tmp_path / "record", Pace(rate=50, workers=4, timeout=2.0, duration=0.3))
    timer.join()
    sent = [entry for entry in seen if entry.ok]
    assert len(sent) == 4
    assert sent[0].seconds >= 0.45
    assert [entry.error for entry in seen if not entry.ok] == ["not sent: all workers wait for answers"] * (
        len(seen) - 4
    )
    assert len([entry for entry in seen if entry.kind == "order"]) == 15


def test_no_answer_within_the_timeout_is_a_failed_request(shop: StandIn, tmp_path: Path) -> None:
    shop.open.clear()
    began = time.monotonic()
    seen = shopping(shop, tmp_path / "record", Pace(rate=10, timeout=0.3, duration=0.2))
    assert [entry.error for entry in seen] == ["no answer in time"] * 2
    assert time.monotonic() - began < 2.0


def test_an_error_status_is_a_failed_request_and_is_not_sent_again(shop: StandIn, tmp_path: Path) -> None:
    shop.status = 503
    (entry,) = shopping(shop, tmp_path / "record", Pace(rate=10, duration=0.1))
    assert (entry.ok, entry.error, entry.site) == (False, "status 503: {}", "frankfurt")


def test_retries_that_were_asked_for_send_the_same_order_again(shop: StandIn, tmp_path: Path) -> None:
    shop.status = 503
    timer = threading.Timer(0.15, setattr, (shop, "status", 200))
    timer.start()
    (entry,) = shopping(shop, tmp_path / "record", Pace(rate=10, retries=5, duration=0.1))
    timer.join()
    assert entry.ok
    assert entry.seconds > 0.1


def test_nobody_listening_is_a_failed_request(tmp_path: Path) -> None:
    server = StandIn()
    server.server_close()
    (entry,) = shopping(server, tmp_path / "record", Pace(rate=10, duration=0.1))
    assert entry.error is not None
    assert entry.error.startswith("ConnectionRefusedError")
