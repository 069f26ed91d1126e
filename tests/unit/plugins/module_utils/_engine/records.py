# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records and archives to reason about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import Archive, Segments
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

BEGIN = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
SEGMENT_BYTES = Segments().segment_bytes


def minute(number: float) -> datetime:
    return BEGIN + timedelta(minutes=number)


def position(segment: int, offset: int = 0x100) -> str:
    return f"0/{segment * SEGMENT_BYTES + offset:X}"


def backup(name: str, first: int, last: int, *, timeline: int = 1, errors: list[str] | None = None) -> BackupRecord:
    """A backup whose log lies in the segments first to last; segment n arrives at minute n."""
    return BackupRecord(
        id=name,
        engine="postgresql",
        stanza="orders",
        repository="vault",
        strategy="full",
        parent=None,
        chain=[],
        started_at=minute(first - 1),
        stopped_at=minute(last),
        start_lsn=position(first, 0x28),
        stop_lsn=position(last),
        wal_start=Segments().name(timeline, first),
        wal_stop=Segments().name(timeline, last),
        timeline=timeline,
        size_bytes=1000,
        stored_bytes=100,
        changed_bytes=100,
        encrypted=True,
        system_identifier="7000000000000000001",
        server_version="15",
        errors=errors or [],
    )


def archive(
    segments: dict[int, list[int]],
    ancestors: dict[int, list[tuple[int, int]]] | None = None,
    forked_at: dict[int, datetime] | None = None,
) -> Archive:
    arrived_at = {(line, number): minute(number) for line, numbers in segments.items() for number in numbers}
    return Archive(arrived_at, ancestors or {}, forked_at or {})
