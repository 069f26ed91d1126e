# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a pooler shows of itself: its entries, and the sessions of its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class PooledDatabase:
    """One entry of the pooler: the name that clients use, and the server behind it.

    ``opens_ahead`` is how many connections it keeps open unasked; None where the pooler does not tell it by entry.
    """

    name: str
    host: str
    port: int
    database: str
    paused: bool
    disabled: bool
    connections: int
    opens_ahead: int | None = None

    @classmethod
    def of(cls, row: Row) -> PooledDatabase:
        return cls(
            name=row["name"],
            host=row["host"] or "",
            port=int(row["port"]),
            database=row["database"],
            paused=bool(int(row["paused"])),
            disabled=bool(int(row["disabled"])),
            connections=int(row["current_connections"]),
            opens_ahead=int(row["min_pool_size"]) if "min_pool_size" in row else None,
        )


@dataclass(frozen=True)
class PoolerClient:
    """A client session; ``linked`` means that it holds a server connection, that is, it is inside a transaction."""

    address: str
    user: str
    database: str
    application: str
    state: str
    linked: bool
    since: str

    @classmethod
    def of(cls, row: Row) -> PoolerClient:
        return cls(
            address=f"{row['addr']}:{row['port']}",
            user=row["user"],
            database=row["database"],
            application=row.get("application_name") or "",
            state=row["state"],
            linked=bool(row["link"]),
            since=str(row["request_time"]),
        )

    def __str__(self) -> str:
        return f"{self.application or self.user or 'a client'} from {self.address} (request of {self.since})"
