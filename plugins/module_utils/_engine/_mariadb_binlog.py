# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Reading MariaDB's binary log files: which transactions they hold, from where to where, and whether they are whole."""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    VersionError,
)

MAGIC = b"\xfebin"
HEADER = struct.Struct("<IBIIIH")
QUERY_HEAD = struct.Struct("<8xB2xH")
QUERY, STOP, ROTATE, FORMAT, XID, HEARTBEAT, XA_PREPARE = 2, 3, 4, 15, 16, 27, 38
CHECKPOINT, GTID, GTID_LIST, ENCRYPTION, COMPRESSED_QUERY = 161, 162, 163, 164, 165
# What stands between transactions and belongs to none of them.
BETWEEN = {STOP, ROTATE, FORMAT, HEARTBEAT, CHECKPOINT, GTID_LIST}
IN_USE = 1
CHECKSUM_BYTES = 4
WITH_CRC32 = 1
# A transaction of one statement, which has no end of its own.
STANDALONE = 1
LAST_STATEMENTS = (b"COMMIT", b"ROLLBACK", b"XA COMMIT", b"XA ROLLBACK")
POSITION = re.compile(r"^(?P<file>[^/\x00-\x1f:]+\.(?P<number>\d{6,})):(?P<offset>\d+)$")
ONE_GTID = re.compile(r"^(\d+)-(\d+)-(\d+)$")

# The last transaction of each replication domain: domain -> (server, sequence number).
Gtids = dict[int, tuple[int, int]]


def parse_gtids(text: str) -> Gtids:
    """A GTID position as the server writes it; an empty one is the position before the first transaction."""
    found: Gtids = {}
    for each in (part.strip() for part in text.split(",")):
        matched = ONE_GTID.match(each)
        if each and matched is None:
            raise InputError("read a GTID", cause=f"{each!r} is none", next_action="Give it as in 0-1-100")
        if matched is not None:
            found[int(matched[1])] = (int(matched[2]), int(matched[3]))
    return found


def parse_gtid(text: str) -> tuple[int, tuple[int, int]]:
    """One transaction: its domain, and its server and sequence number."""
    return next(iter(parse_gtids(text).items()))


def gtids_text(gtids: Gtids) -> str:
    return ",".join(f"{domain}-{server}-{number}" for domain, (server, number) in sorted(gtids.items()))


@dataclass(frozen=True, order=True)
class LogPosition:
    """A place in the binary log: the number of the file, its name, and the offset of the next event."""

    number: int
    file: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> LogPosition:
        matched = POSITION.match(text)
        if matched is None:
            raise InputError(
                "read a binary log position",
                cause=f"{text!r} is none",
                next_action="Give it as in mariadb-bin.000007:1234",
            )
        return cls(int(matched["number"]), matched["file"], int(matched["offset"]))

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


@dataclass(frozen=True)
class Event:
    """One event of a file; ``body`` is without its checksum."""

    at: int
    kind: int
    server_id: int
    start: int
    end: int
    flags: int
    body: bytes


@dataclass(frozen=True)
class Transaction:
    """What was committed together: where it begins and ends, and the second that the log gives for it."""

    start: int
    end: int
    at: int
    gtid: str


@dataclass(frozen=True)
class LogContent:
    """What a whole file holds."""

    name: str
    number: int
    server_id: int
    created_at: int
    ended_at: int
    # Whether its last transaction was cut off when the server crashed: ``end_offset`` lies before that.
    is_torn: bool
    starts_after: Gtids
    ends_with: Gtids
    end_offset: int


def events(path: Path, *, is_torn_allowed: bool = False) -> Iterator[Event]:
    """Every event of a file, each with its checksum compared; what is torn or damaged is an error.

    A torn end may be allowed, where it is what a crash of the server left.
    """
    what = f"read the binary log file {path.name}"
    with path.open("rb") as stream:
        if path.stat().st_size < len(MAGIC) + HEADER.size:
            raise IntegrityError(what, cause="it is empty", next_action="Ship the file from the server again")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield from _events(content, what, is_torn_allowed)


def _events(content: mmap.mmap, what: str, is_torn_allowed: bool) -> Iterator[Event]:
    if content[: len(MAGIC)] != MAGIC:
        raise IntegrityError(what, cause="it is not a binary log file", next_action="Look at it by hand")
    position, size, has_checksum = len(MAGIC), len(content), True
    while position < size:
        head = content[position : position + HEADER.size].ljust(HEADER.size, b"\xff")
        at, kind, server_id, length, _next, flags = HEADER.unpack(head)
        end = position + length
        if length < HEADER.size or end > size:
            if is_torn_allowed:
                return
            raise torn(what, position, size)
        raw = content[position:end]
        if kind == ENCRYPTION:
            raise VersionError(
                what, cause="it is encrypted", next_action="Set encrypt_binlog=OFF: the repository encrypts it"
            )
        if kind == FORMAT:
            has_checksum = raw[-CHECKSUM_BYTES - 1] == WITH_CRC32
        if has_checksum:
            require_checksum(raw, kind, flags, f"{what} at {position}")
        # The last bytes of this event are the checksum's algorithm and room for one, whether or not there is one.
        body = raw[HEADER.size : -CHECKSUM_BYTES] if has_checksum or kind == FORMAT else raw[HEADER.size :]
        yield Event(at, kind, server_id, position, end, flags, body)
        position = end


def torn(what: str, position: int, size: int) -> IntegrityError:
    return IntegrityError(
        what,
        cause=f"it ends at {size} in the middle of an event that begins at {position}",
        next_action="Ship the file from the server again, or choose an earlier target",
    )


def require_checksum(raw: bytes, kind: int, flags: int, what: str) -> None:
    counted = raw[:-CHECKSUM_BYTES]
    if kind == FORMAT and flags & IN_USE:
        # The server marks an open file after it has counted the checksum.
        counted = counted[: HEADER.size - 2] + struct.pack("<H", flags & ~IN_USE) + counted[HEADER.size :]
    if zlib.crc32(counted) != int.from_bytes(raw[-CHECKSUM_BYTES:], "little"):
        raise IntegrityError(
            what,
            cause="the event does not have the checksum that was written with it",
            next_action="Ship the file from the server again, or choose an earlier target",
        )


def gtid_of(event: Event) -> tuple[int, int, int]:
    number, domain = struct.unpack_from("<QI", event.body)
    return domain, event.server_id, number


def listed_gtids(event: Event) -> Gtids:
    count = struct.unpack_from("<I", event.body)[0] & 0x0FFFFFFF
    found: Gtids = {}
    for index in range(count):
        domain, server, number = struct.unpack_from("<IIQ", event.body, 4 + index * 16)
        found[domain] = (server, number)
    return found


def is_end(event: Event, is_standalone: bool) -> bool:
    """Whether a transaction is whole with this event."""
    if event.kind in (QUERY, COMPRESSED_QUERY) and is_standalone:
        return True
    if event.kind != QUERY or len(event.body) < QUERY_HEAD.size:
        return event.kind in (XID, XA_PREPARE)
    database_bytes, status_bytes = QUERY_HEAD.unpack_from(event.body)
    return event.body[QUERY_HEAD.size + status_bytes + database_bytes + 1 :].startswith(LAST_STATEMENTS)


def read_content(path: Path) -> LogContent:
    """Read a file to its end, or to the last transaction that was whole when the server crashed."""
    first = last = next(events(path, is_torn_allowed=True), None)
    if first is None or last is None or first.kind != FORMAT:
        raise IntegrityError(
            f"read the binary log file {path.name}",
            cause="it does not begin with the description of its format",
            next_action="Look at it by hand, and take a full backup",
        )
    starts_after: Gtids = {}
    ends_with: Gtids = {}
    # Where the transaction that is being read began, and what was true before it.
    begun: tuple[int, Gtids] | None = None
    is_standalone = False
    for last in events(path, is_torn_allowed=True):
        if last.kind == GTID_LIST:
            starts_after = listed_gtids(last)
            ends_with = dict(starts_after)
        elif last.kind == GTID:
            domain, server, number = gtid_of(last)
            begun = (last.start, dict(ends_with))
            ends_with[domain] = (server, number)
            is_standalone = bool(last.body[12] & STANDALONE)
        elif last.kind in BETWEEN or is_end(last, is_standalone):
            begun = None
    is_torn, end_offset = last.end < path.stat().st_size or begun is not None, last.end
    if is_torn and begun is not None:
        end_offset, ends_with = begun
    return LogContent(
        name=path.name,
        number=int(path.name.rpartition(".")[2]),
        server_id=first.server_id,
        created_at=first.at,
        ended_at=last.at,
        is_torn=is_torn,
        starts_after=starts_after,
        ends_with=ends_with,
        end_offset=end_offset,
    )


def transactions(path: Path) -> Iterator[Transaction]:
    """The transactions of a file in the order in which they were committed; a torn one at its end counts as well."""
    start, at, gtid, end = 0, 0, "", 0
    for event in events(path, is_torn_allowed=True):
        if gtid and (event.kind == GTID or event.kind in BETWEEN):
            yield Transaction(start, end, at, gtid)
            gtid = ""
        if event.kind == GTID:
            start, at, gtid = event.start, event.at, "-".join(map(str, gtid_of(event)))
        elif gtid:
            at = max(at, event.at)
        end = event.end
    if gtid:
        yield Transaction(start, end, at, gtid)


def stop_before_second(path: Path, second: int, start: int) -> Transaction | None:
    """The first transaction from an offset on that the log gives this second or a later one for."""
    return next((each for each in transactions(path) if each.start >= start and each.at >= second), None)


def stop_after_gtid(path: Path, gtid: str) -> Transaction | None:
    return next((each for each in transactions(path) if each.gtid == gtid), None)


def require_boundary(path: Path, offset: int) -> None:
    """Raise unless a recovery may end at an offset: between transactions, never inside of one."""
    inside = next((each for each in transactions(path) if each.start < offset < each.end), None)
    if inside is not None:
        raise InputError(
            "read the option target",
            cause=f"{path.name}:{offset} lies inside of transaction {inside.gtid}",
            next_action=f"Give {path.name}:{inside.start} without it or {path.name}:{inside.end} with it",
        )
    places = [(each.start, each.end) for each in events(path, is_torn_allowed=True)]
    if not any(offset in place for place in places):
        near = max((end for _start, end in places if end < offset), default=len(MAGIC))
        raise InputError(
            "read the option target",
            cause=f"{path.name} has no event at {offset}",
            next_action=f"Give a position where one begins, as {path.name}:{near}",
        )
