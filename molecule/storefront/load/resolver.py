"""The public name's address, asked again when its time to live is over and never before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

QUERY_SECONDS = 0.5


class Unresolved(Exception):
    """No name server gave an address; the text says what each one said."""


@dataclass(frozen=True)
class Answer:
    """The addresses of a name and the seconds for which they may be used."""

    addresses: tuple[str, ...]
    ttl: float


Ask = Callable[[str, str, float], Answer]


def ask(server: str, name: str, seconds: float) -> Answer:
    """Ask one authoritative server for the name's IPv4 addresses."""
    query = dns.message.make_query(name, dns.rdatatype.A)
    try:
        reply, _by_tcp = dns.query.udp_with_fallback(query, server, timeout=seconds)
    except (OSError, dns.exception.DNSException) as error:
        raise Unresolved(f"{type(error).__name__}: {error}") from error
    if reply.rcode() != dns.rcode.NOERROR:
        raise Unresolved(dns.rcode.to_text(reply.rcode()))
    for rrset in reply.answer:
        if rrset.rdtype == dns.rdatatype.A:
            return Answer(tuple(record.to_text() for record in rrset), float(rrset.ttl))
    raise Unresolved("no address in the answer")


class Resolver:
    """Keeps one name's address for its time to live; the server that answered last is asked first."""

    def __init__(
        self, name: str, servers: Sequence[str], ask: Ask = ask, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._servers = list(servers)
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._address = ""
        self._expires_at = float("-inf")

    def address(self) -> str:
        """The address to use now. An expired one is not used, even when nobody answers."""
        with self._lock:
            if self._clock() >= self._expires_at:
                self._refresh()
            return self._address

    def _refresh(self) -> None:
        said = []
        for server in list(self._servers):
            # The time to live runs from the moment of asking, so that it is never overrun.
            asked_at = self._clock()
            try:
                answer = self._ask(server, self._name, QUERY_SECONDS)
            except Unresolved as error:
                said.append(f"{server}: {error}")
                continue
            self._servers.remove(server)
            self._servers.insert(0, server)
            self._address = answer.addresses[0]
            self._expires_at = asked_at + answer.ttl
            return
        raise Unresolved(f"{self._name} has no address; " + "; ".join(said))
