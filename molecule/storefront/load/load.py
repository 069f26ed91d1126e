"""A steady rate of requests. The schedule never waits for an answer, so that a stall hides nothing."""

from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from storefront.load.client import Client, Reply
from storefront.load.record import Entry, Record

ORDERS_PER_READ = 10
ORDERS_PER_PAYMENT = 20
PRODUCTS = 5
RETRY_SECONDS = 0.1


@dataclass(frozen=True)
class Pace:
    """How fast and how patiently the client shops."""

    rate: float = 20.0
    workers: int = 64
    timeout: float = 2.0
    retries: int = 0
    duration: float | None = None


class Load:
    """Places orders at the pace, with a read and a payment now and then."""

    def __init__(self, client: Client, record: Record, pace: Pace) -> None:
        self._client = client
        self._record = record
        self._pace = pace
        self._last_order: str | None = None
        self._free = threading.Semaphore(pace.workers)

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop or the duration is over, then let what is under way finish."""
        began_at = time.monotonic()
        with ThreadPoolExecutor(self._pace.workers) as workers:
            for tick in itertools.count():
                after = tick / self._pace.rate
                if self._pace.duration is not None and after >= self._pace.duration:
                    return
                due = began_at + after
                if stop.wait(max(0.0, due - time.monotonic())):
                    return
                for kind in kinds(tick):
                    self._start(workers, kind, due)

    def _start(self, workers: ThreadPoolExecutor, kind: str, due: float) -> None:
        if self._free.acquire(blocking=False):
            workers.submit(self._work, kind, due)
        else:
            self._write(kind, str(uuid.uuid4()), due, Reply(None, "not sent: all workers wait for answers"))

    def _work(self, kind: str, due: float) -> None:
        try:
            self._request(kind, due)
        finally:
            self._free.release()

    def _request(self, kind: str, due: float) -> None:
        order = str(uuid.uuid4()) if kind == "order" else self._last_order
        deadline = due + self._pace.timeout
        reply = self._send(kind, order, deadline)
        for _attempt in range(self._pace.retries):
            if reply.error is None or time.monotonic() + RETRY_SECONDS >= deadline:
                break
            time.sleep(RETRY_SECONDS)
            reply = self._send(kind, order, deadline)
        self._write(kind, order, due, reply)
        if kind == "order" and reply.error is None:
            self._last_order = order

    def _send(self, kind: str, order: str | None, deadline: float) -> Reply:
        if kind == "order":
            wanted = {"id": order, "product_id": random.randint(1, PRODUCTS), "quantity": 1}
            return self._client.request("POST", "/api/v1/orders", wanted, deadline)
        if kind == "payment" and order:
            return self._client.request("POST", "/api/v1/payments", {"order_id": order}, deadline)
        return self._client.request("GET", "/api/v1/products", None, deadline)

    def _write(self, kind: str, order: str | None, due: float, reply: Reply) -> None:
        seconds = time.monotonic() - due
        self._record.add(
            Entry(
                at=round(time.time() - seconds, 6),
                seconds=round(seconds, 6),
                ok=reply.error is None,
                id=order if kind == "order" else None,
                kind=kind,
                site=reply.site,
                error=reply.error,
            )
        )


def kinds(tick: int) -> list[str]:
    """What is due at one beat: always an order, and beside it a read or a payment now and then."""
    due = ["order"]
    if tick % ORDERS_PER_READ == ORDERS_PER_READ // 2:
        due.append("read")
    if tick % ORDERS_PER_PAYMENT == ORDERS_PER_PAYMENT - 1:
        due.append("payment")
    return due
