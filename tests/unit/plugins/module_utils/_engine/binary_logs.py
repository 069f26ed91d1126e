# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binary log files and shipments of them, made for tests byte by byte."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    ArchivedLog,
    LogArchive,
    StartPoint,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

SERVER = 7
FIRST_SECOND = 1_767_225_600
FIRST_AT = datetime.fromtimestamp(FIRST_SECOND, UTC)
QUERY, ROTATE, FORMAT, XID, GTID, GTID_LIST, ENCRYPTION = 2, 4, 15, 16, 162, 163, 164
FILE_BYTES = 1000


@dataclass
class LogWriter:
    """One file of a binary log; ``places`` are the offsets where each event begins."""

    content: bytearray = field(default_factory=lambda: bytearray(b"\xfebin"))
    places: list[int] = field(default_factory=list)

    def event(self, kind: int, at: int, body: bytes = b"", *, flags: int = 0) -> LogWriter:
        self.places.append(len(self.content))
        length = 19 + len(body) + 4
        end = len(self.content) + length
        head = struct.pack("<IBIIIH", FIRST_SECOND + at, kind, SERVER, length, end, flags)
        # A file that is open is marked after its checksum was counted.
        counted = struct.pack("<IBIIIH", FIRST_SECOND + at, kind, SERVER, length, end, 0) if kind == FORMAT else head
        self.content += head + body + struct.pack("<I", zlib.crc32(counted + body))
        return self

    def begin(self, at: int, after: int = 0, *, is_open: bool = False) -> LogWriter:
        self.event(FORMAT, at, bytes(57) + b"\x01", flags=int(is_open))
        listed = struct.pack("<IIIQ", 1, 0, SERVER, after) if after else struct.pack("<I", 0)
        return self.event(GTID_LIST, at, listed)

    def transaction(self, number: int, at: int, *, committed: int | None = None) -> LogWriter:
        self.event(GTID, at, struct.pack("<QIB", number, 0, 0))
        self.event(QUERY, at, b"INSERT")
        return self.event(XID, at if committed is None else committed, bytes(8))

    def close(self, at: int) -> LogWriter:
        return self.event(ROTATE, at, b"next")

    def write(self, path: Path) -> Path:
        path.write_bytes(self.content)
        return path


def log(
    number: int,
    *,
    timeline: int = 1,
    created: int | None = None,
    after: int | None = None,
    until: int | None = None,
    server_id: int = SERVER,
    shipment: str = "",
) -> ArchivedLog:
    """A file of a thousand bytes, a minute and ten transactions."""
    begin = number * 60 if created is None else created
    first = number * 10 if after is None else after
    last = first + 10 if until is None else until
    return ArchivedLog(
        shipment=shipment or f"s{timeline}-{number}",
        name=f"bin.{number:06}",
        number=number,
        timeline=timeline,
        server_id=server_id,
        created_at=FIRST_SECOND + begin,
        ended_at=FIRST_SECOND + begin + 60,
        size_bytes=FILE_BYTES,
        starts_after=f"0-{SERVER}-{first}" if first else "",
        ends_with=f"0-{SERVER}-{last}",
        sha256="cafe",
    )


def logs(*numbers: int) -> LogArchive:
    return LogArchive([log(number) for number in numbers])


def start(backup: str, number: int, offset: int = 500, *, timeline: int = 1, second: float | None = None) -> StartPoint:
    """A backup that was taken in the middle of a file."""
    at = FIRST_AT + timedelta(seconds=number * 60 + 30 if second is None else second)
    gtids = parse_gtids(f"0-{SERVER}-{number * 10 + 5}")
    return StartPoint(backup, LogPosition(number, f"bin.{number:06}", offset), gtids, SERVER, timeline, at)


def record(of: StartPoint, *, errors: list[str] | None = None, strategy: str = "full") -> BackupRecord:
    return BackupRecord(
        id=of.backup,
        engine="mariadb",
        stanza="shop",
        repository="local",
        strategy=strategy,
        parent=None,
        chain=[],
        started_at=of.at - timedelta(seconds=1),
        stopped_at=of.at,
        size_bytes=1,
        stored_bytes=1,
        changed_bytes=1,
        encrypted=True,
        system_identifier="system",
        server_version="10.11.6-MariaDB",
        timeline=of.timeline,
        log_position=str(of.position),
        start_lsn="1000",
        errors=errors or [],
    )
