# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Asking one authoritative server for several records and its serial, with dnspython."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    RecordKey,
    RecordSet,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError

try:
    import dns.exception
    import dns.flags
    import dns.inet
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TXT
    import dns.rrset

    HAS_DNSPYTHON = True
except ImportError:
    HAS_DNSPYTHON = False

# Two tries: a datagram may be lost, and an unreachable server must not cost a second.
TRY_SECONDS = 0.4
TRIES = 2
# One that is known to be lost is asked once: clients wait for the records meanwhile.
LOST_TRY_SECONDS = 0.25


class NotAnswered(Exception):
    """A server did not give a usable, authoritative answer; ``code`` tells which way."""

    def __init__(self, code: str, cause: str) -> None:
        self.code = code
        super().__init__(cause)


def is_address(text: str) -> bool:
    return bool(dns.inet.is_address(text))


def canonical_name(name: str) -> str:
    """Absolute and in lower case; InputError when it is no domain name."""
    try:
        return dns.name.from_text(name).canonicalize().to_text()
    except dns.exception.DNSException as error:
        raise InputError(
            f"read the name {name!r}", cause=str(error) or type(error).__name__, next_action="Give a domain name"
        ) from error


def canonical_record(key: RecordKey, ttl: int, values: Sequence[str]) -> RecordSet:
    """Values in the order and spelling in which they are read back; InputError names a malformed one."""
    if not values:
        return RecordSet(key)
    return RecordSet(key, ttl, tuple(sorted({value_of(rdata_of(key, value)) for value in values})))


def rdata_of(key: RecordKey, value: str) -> dns.rdata.Rdata:
    """A value as it goes into a message; the value of a TXT record is its plain text."""
    text = _quoted(value) if key.type == "TXT" else value
    if key.type == "CNAME" and not value.endswith("."):
        raise InputError(
            f"read a value of {key}", cause=f"{value!r} is not absolute", next_action="End the target with a dot"
        )
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(key.type), text)
    except dns.exception.DNSException as error:
        raise InputError(
            f"read a value of {key}",
            cause=f"{value!r} is no value of this type: {error}",
            next_action=f"Give a value that fits the type {key.type}",
        ) from error


def value_of(rdata: dns.rdata.Rdata) -> str:
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings).decode(errors="backslashreplace")
    return rdata.to_text().lower()


def ask(server: str, port: int, zone: str, keys: Sequence[RecordKey], *, is_lost: bool = False) -> ServerAnswer:
    """Read the records and the serial of one server; what goes wrong is part of the answer."""
    started = time.monotonic()
    tries = [LOST_TRY_SECONDS] if is_lost else [TRY_SECONDS] * TRIES
    try:
        soa = authoritative_answer(server, port, RecordKey(zone, "SOA"), tries)
        if soa is None:
            raise NotAnswered("DR-DNS-NOTAUTH", f"it has no SOA record for {zone}")
        found = {key: record_of(key, authoritative_answer(server, port, key)) for key in keys}
    except NotAnswered as error:
        return ServerAnswer(server, time.monotonic() - started, error=str(error), error_code=error.code)
    return ServerAnswer(
        server,
        time.monotonic() - started,
        serial=soa[0].serial,
        negative_ttl=min(soa.ttl, soa[0].minimum),
        records=found,
    )


def record_of(key: RecordKey, rrset: dns.rrset.RRset | None) -> RecordSet:
    if rrset is None:
        return RecordSet(key)
    return RecordSet(key, rrset.ttl, tuple(sorted(value_of(rdata) for rdata in rrset)))


def authoritative_answer(
    server: str, port: int, key: RecordKey, tries: Sequence[float] = (TRY_SECONDS,) * TRIES
) -> dns.rrset.RRset | None:
    """The record set itself, without following aliases, and only from an authoritative answer."""
    name = dns.name.from_text(key.name)
    record_type = dns.rdatatype.from_text(key.type)
    query = dns.message.make_query(name, record_type)
    query.flags &= ~dns.flags.RD
    response = _exchange(server, port, query, tries)
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        text = rcode.name
        raise NotAnswered(f"DR-DNS-{text}", f"it answers {text} for {key}")
    if not response.flags & dns.flags.AA:
        raise NotAnswered("DR-DNS-NOTAUTH", f"its answer for {key} is not authoritative")
    return response.get_rrset(response.answer, name, dns.rdataclass.IN, record_type)


def _exchange(server: str, port: int, query: dns.message.Message, tries: Sequence[float]) -> dns.message.Message:
    cause = ""
    for seconds in tries:
        try:
            response, _used_tcp = dns.query.udp_with_fallback(query, server, timeout=seconds, port=port)
            return response
        except dns.exception.Timeout:
            cause = f"no answer within {sum(tries):g} s"
        except (OSError, EOFError) as error:
            cause = str(error) or type(error).__name__
            break
        except dns.exception.DNSException as error:
            raise NotAnswered("DR-DNS-FORMERR", f"its answer cannot be read: {error}") from error
    raise NotAnswered("DR-DNS-UNREACHABLE", cause)


def _quoted(text: str) -> str:
    """TXT data in master file form, in strings of at most 255 bytes, with every unusual byte as a number."""
    data = text.encode()
    pieces = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
    plain = {*range(0x20, 0x7F)} - {ord('"'), ord("\\")}
    return " ".join(
        '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03d}" for byte in piece) + '"' for piece in pieces
    )
