# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every name service provider can do, in plain values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import NameServiceError


@dataclass(frozen=True, order=True)
class RecordKey:
    """A name and a type; the name is absolute and in lower case."""

    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.name} {self.type}"


@dataclass(frozen=True)
class RecordSet:
    """All values of one name and type; no values means that there is no such record, and the TTL is 0."""

    key: RecordKey
    ttl: int = 0
    values: tuple[str, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.values)

    def as_result(self) -> dict[str, Any]:
        """The shape of an entry of the option C(records), so that it can be given back to put it back."""
        return {"name": self.key.name, "type": self.key.type, "ttl": self.ttl, "values": list(self.values)}

    def __str__(self) -> str:
        return f"{self.key} = {', '.join(self.values)}" if self.exists else f"no {self.key}"


@dataclass(frozen=True)
class RecordChange:
    """One record of an update: what must still stand, and what is to stand afterwards."""

    before: RecordSet
    after: RecordSet


@dataclass(frozen=True)
class ServerAnswer:
    """What one authoritative server said; ``error`` is None when it answered for all that was asked."""

    server: str
    seconds: float
    serial: int | None = None
    negative_ttl: int = 0
    records: dict[RecordKey, RecordSet] = field(default_factory=dict)
    error: str | None = None
    error_code: str | None = None

    @property
    def is_read(self) -> bool:
        return self.error is None

    def as_result(self) -> dict[str, Any]:
        return {
            "server": self.server,
            "read": self.is_read,
            "serial": self.serial,
            "records": [self.records[key].as_result() for key in sorted(self.records)],
            "error": self.error,
            "seconds": round(self.seconds, 4),
        }


class NameServer(ABC):
    """One zone at one provider. Errors are NameServiceError with a code that tells the causes apart."""

    NAME: str
    OPTIONS: dict[str, Any]

    @abstractmethod
    def __init__(self, options: dict[str, Any]) -> None:
        """Read the provider's own options; InputError names the one that is wrong."""

    @property
    @abstractmethod
    def primary(self) -> str:
        """The server that takes updates; always among the answers of :meth:`read`."""

    @abstractmethod
    def record_set(self, name: str, record_type: str, ttl: int, values: Sequence[str]) -> RecordSet:
        """The canonical form of a wanted record; InputError when it is malformed or outside the zone."""

    @abstractmethod
    def read(
        self, keys: Sequence[RecordKey], *, without: Collection[str] = (), lost: Collection[str] = ()
    ) -> list[ServerAnswer]:
        """Ask every authoritative server but ``without`` at the same time; a silent one costs less than a second.

        Those that are probably ``lost`` are asked only briefly.
        """

    @abstractmethod
    def write(self, changes: Sequence[RecordChange], deadline: Deadline) -> None:
        """Change all or nothing, provided that every ``before`` still stands."""


def prerequisite_failed(where: str, conflicts: Sequence[str]) -> NameServiceError:
    """The error for records that are not what a change starts from; each conflict shows both values."""
    return NameServiceError(
        f"change the records at {where}",
        cause=f"they are not what this change starts from: {'; '.join(conflicts)}; nothing was changed",
        next_action="Find out who changed them and whether that still holds, then run again",
        code="DR-DNS-PREREQ",
        evidence={"conflicts": list(conflicts)},
    )
