"""One request at a time to the public name: address by DNS, connections kept, one deadline for all of it."""

from __future__ import annotations

import http.client
import json
import select
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from storefront.load.resolver import Resolver, Unresolved


@dataclass(frozen=True)
class Reply:
    """What came back: `error` is None exactly when the shop did what was asked."""

    site: str | None
    error: str | None


class Connections:
    """Idle connections to one address; those to an address that the name no longer has are closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def take(self, address: str) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.host == address and still_open(connection):
                    return connection
                connection.close()
        return http.client.HTTPConnection(address, self._port)

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()


def still_open(connection: http.client.HTTPConnection) -> bool:
    """An idle connection with something to read is one that the other side has closed."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)


class Client:
    """Speaks to the shop by its public URL."""

    def __init__(self, url: str, resolver: Resolver) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"--url must look like http://NAME[:PORT], not {url}")
        self._host = parts.netloc
        self._resolver = resolver
        self._connections = Connections(parts.port or 80)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        """Send one request and wait for its answer until the deadline (monotonic). Never raises."""
        try:
            return self._exchange(method, path, body, deadline)
        except TimeoutError:
            return Reply(None, "no answer in time")
        except (OSError, http.client.HTTPException, Unresolved) as error:
            return Reply(None, f"{type(error).__name__}: {error}")

    def close(self) -> None:
        self._connections.close()

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        connection = self._connections.take(self._resolver.address())
        try:
            connection.timeout = remaining(deadline)
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            content = None if body is None else json.dumps(body)
            headers = {"Host": self._host, "Content-Type": "application/json"}
            connection.request(method, path, body=content, headers=headers)
            if connection.sock is not None:
                connection.sock.settimeout(remaining(deadline))
            response = connection.getresponse()
            text = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._connections.give_back(connection)
        site = response.getheader("X-Site")
        if response.status in {200, 201}:
            return Reply(site, None)
        return Reply(site, f"status {response.status}: {' '.join(text.decode(errors='replace').split())[:200]}")


def remaining(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
