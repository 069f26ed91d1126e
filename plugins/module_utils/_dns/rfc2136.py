# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Dynamic updates (RFC 2136) signed with TSIG (RFC 8945): one message, prerequisites, and errors told apart."""

from __future__ import annotations

import base64
import binascii
import socket
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._query import (
    HAS_DNSPYTHON,
    ask,
    canonical_name,
    canonical_record,
    rdata_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    NameServer,
    RecordChange,
    RecordKey,
    RecordSet,
    ServerAnswer,
    prerequisite_failed,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, NameServiceError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._library import require_library

if HAS_DNSPYTHON:
    import dns.exception
    import dns.inet
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.tsig
    import dns.update

UPDATE_SECONDS = 2.0
ALGORITHMS = ["hmac-sha256", "hmac-sha384", "hmac-sha512"]
CHECK_THE_KEY = "Compare name, algorithm and secret of the key with the primary's configuration"


class Rfc2136(NameServer):
    """A zone on name servers that take dynamic updates, such as BIND, Knot or PowerDNS."""

    NAME = "rfc2136"
    OPTIONS: dict[str, Any] = {
        "zone": {"type": "str", "required": True},
        "primary": {"type": "str", "required": True},
        "authoritative": {"type": "list", "elements": "str", "required": True},
        "port": {"type": "int", "default": 53},
        "key_name": {"type": "str", "required": True, "no_log": False},
        "key_algorithm": {"type": "str", "choices": ALGORITHMS, "default": "hmac-sha256", "no_log": False},
        "key_secret": {"type": "str", "required": True, "no_log": True},
    }

    def __init__(self, options: dict[str, Any]) -> None:
        require_library("dnspython", HAS_DNSPYTHON)
        self.zone = canonical_name(options["zone"])
        self._primary = _address(options["primary"], "primary")
        listed = [_address(server, "authoritative") for server in options["authoritative"]]
        self.servers = list(dict.fromkeys([self._primary, *listed]))
        self.port: int = options["port"]
        self.key_name = canonical_name(options["key_name"])
        self.key_algorithm: str = options["key_algorithm"]
        self._key_secret = _secret(options["key_secret"])

    @property
    def primary(self) -> str:
        return self._primary

    def record_set(self, name: str, record_type: str, ttl: int, values: Sequence[str]) -> RecordSet:
        key = RecordKey(canonical_name(name), record_type)
        if not dns.name.from_text(key.name).is_subdomain(dns.name.from_text(self.zone)):
            raise InputError(
                f"read the record {key}",
                cause=f"it does not lie in the zone {self.zone}",
                next_action="Correct the name, or give the server of its zone",
            )
        if not 0 <= ttl <= 2**31 - 1:
            raise InputError(
                f"read the record {key}",
                cause=f"its ttl is {ttl}",
                next_action="Give a ttl between 0 and 2147483647 seconds",
            )
        return canonical_record(key, ttl, values)

    def read(
        self, keys: Sequence[RecordKey], *, without: Collection[str] = (), lost: Collection[str] = ()
    ) -> list[ServerAnswer]:
        asked = [server for server in self.servers if server not in without]
        with ThreadPoolExecutor(max_workers=len(asked)) as pool:
            return list(pool.map(lambda server: ask(server, self.port, self.zone, keys, is_lost=server in lost), asked))

    def write(self, changes: Sequence[RecordChange], deadline: Deadline) -> None:
        rcode = self._send(self._update(changes), deadline)
        if rcode == dns.rcode.NOERROR:
            return
        text = rcode.name
        if text in ("NXRRSET", "YXRRSET", "NXDOMAIN", "YXDOMAIN"):
            raise self._conflict(changes)
        code, next_action = REFUSALS.get(text, (f"DR-DNS-{text}", "Look at the log of the primary"))
        raise NameServiceError(
            f"update the zone {self.zone} at {self.primary}",
            cause=f"the server answered {text}; the records are as they were",
            next_action=next_action,
            code=code,
            evidence={"rcode": text},
        )

    def _update(self, changes: Sequence[RecordChange]) -> dns.update.UpdateMessage:
        algorithm = dns.name.from_text(self.key_algorithm)
        message = dns.update.UpdateMessage(
            dns.name.from_text(self.zone), keyring=dns.tsig.Key(self.key_name, self._key_secret, algorithm)
        )
        for change in changes:
            name, record_type = dns.name.from_text(change.before.key.name), change.before.key.type
            if change.before.exists:
                message.present(name, *[rdata_of(change.before.key, value) for value in change.before.values])
            else:
                message.absent(name, record_type)
            if change.after != change.before:
                message.delete(name, record_type)
                for value in change.after.values:
                    message.add(name, change.after.ttl, rdata_of(change.after.key, value))
        return message

    def _send(self, message: dns.update.UpdateMessage, deadline: Deadline) -> dns.rcode.Rcode:
        """One exchange over TCP: no datagram that may arrive twice, and no doubt about truncation."""
        what = f"update the zone {self.zone} at {self.primary}"
        timeout = min(UPDATE_SECONDS, max(deadline.remaining, 0.1))
        try:
            response = dns.query.tcp(message, self.primary, timeout=timeout, port=self.port)
        except dns.tsig.PeerBadKey as error:
            raise self._key_refused(
                what, "DR-DNS-BADKEY", f"the server does not know the key {self.key_name}"
            ) from error
        except (dns.tsig.PeerBadSignature, dns.tsig.BadSignature) as error:
            raise self._key_refused(
                what, "DR-DNS-BADSIG", f"the signature made with the key {self.key_name} does not verify"
            ) from error
        except (dns.tsig.PeerBadTime, dns.tsig.BadTime) as error:
            raise self._clocks_differ(what, message) from error
        except dns.exception.Timeout as error:
            raise self._lost(what, f"no answer within {timeout:g} s") from error
        except (OSError, EOFError) as error:
            raise self._lost(what, str(error) or type(error).__name__) from error
        except dns.exception.DNSException as error:
            raise self._lost(what, f"its answer cannot be trusted: {error or type(error).__name__}") from error
        return response.rcode()

    def _key_refused(self, what: str, code: str, cause: str) -> NameServiceError:
        return NameServiceError(
            what, cause=f"{cause}; the records are as they were", next_action=CHECK_THE_KEY, code=code
        )

    def _lost(self, what: str, cause: str) -> NameServiceError:
        return NameServiceError(
            what,
            cause=f"{cause}; whether the update was taken is not known",
            next_action="See that the primary runs and is reachable, then run again: what is done is found done",
            code="DR-DNS-UNREACHABLE",
            data_state="unknown",
        )

    def _clocks_differ(self, what: str, message: dns.update.UpdateMessage) -> NameServiceError:
        skew = self._clock_skew(message)
        told = "by an unknown amount" if skew is None else f"by {skew:+.0f} s (the server's minus ours)"
        return NameServiceError(
            what,
            cause=f"the clocks of this host and of the server differ {told}; the records are as they were",
            next_action="Put the clocks right on both hosts",
            code="DR-DNS-BADTIME",
            evidence={"skew_seconds": skew},
        )

    def _clock_skew(self, message: dns.update.UpdateMessage) -> float | None:
        """The server puts its clock into the refusal; it is read without verifying, for the message only."""
        family = dns.inet.af_for_address(self.primary)
        expires_at = time.time() + UPDATE_SECONDS
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(UPDATE_SECONDS)
                connection.connect((self.primary, self.port))
                connection.setblocking(False)
                dns.query.send_tcp(connection, message.to_wire(), expires_at)
                length = int.from_bytes(_received(connection, 2, expires_at), "big")
                response = dns.message.from_wire(_received(connection, length, expires_at), keyring=False)
            told = response.tsig[0].other if response.tsig is not None else b""
            return int.from_bytes(told, "big") - time.time() if told else None
        except (OSError, EOFError, dns.exception.DNSException):
            return None

    def _conflict(self, changes: Sequence[RecordChange]) -> NameServiceError:
        """Somebody changed a record in between: show both."""
        answer = ask(self.primary, self.port, self.zone, [change.before.key for change in changes])
        differing = [
            f"expected {change.before}, found {answer.records.get(change.before.key, 'no answer')}"
            for change in changes
            if change.before.values != getattr(answer.records.get(change.before.key), "values", None)
        ]
        return prerequisite_failed(self.primary, differing or ["they were changed and changed back meanwhile"])


REFUSALS = {
    "REFUSED": ("DR-DNS-REFUSED", "Allow the key to update these records in the primary's update policy"),
    "NOTAUTH": ("DR-DNS-NOTAUTH", "Give the address of the zone's primary server, and a key that it knows"),
    "SERVFAIL": ("DR-DNS-SERVFAIL", "Look at the log of the primary: often it cannot write its zone file or journal"),
}


def _received(connection: socket.socket, count: int, expires_at: float) -> bytes:
    data = b""
    connection.settimeout(max(0.05, expires_at - time.time()))
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _address(text: str, option: str) -> str:
    if not dns.inet.is_address(text):
        raise InputError(
            f"read the option server.rfc2136.{option}",
            cause=f"{text!r} is no address",
            next_action="Give addresses: a failover must not depend on the names that it changes",
        )
    return text


def _secret(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(
            "read the option server.rfc2136.key_secret",
            cause="it is not base64",
            next_action="Give the secret as the name server's key file has it",
        ) from error
