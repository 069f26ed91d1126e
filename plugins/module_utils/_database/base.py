# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every database engine must be able to do, seen from the host it runs on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

# The states of a database as the host sees it.
PRIMARY = "primary"
STANDBY = "standby"
DOWN = "down"
ABSENT = "absent"


@dataclass(frozen=True)
class Upstream:
    """The server a standby follows. The password never shows in a representation."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    slot: str


class Database(ABC):
    """One database of one engine on this host. Raises RecoveryError, never sees AnsibleModule."""

    NAME: str
    OPTIONS: dict[str, Any]

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    @abstractmethod
    def observe(self) -> dict[str, Any]:
        """The database as it is now, without changing anything; a stopped one is described from its files."""

    @abstractmethod
    def promote(self, deadline: Deadline) -> dict[str, Any]:
        """Make the local standby the primary and prove that it takes writes; returns the measures."""

    @abstractmethod
    def upstream_state(self, upstream: Upstream) -> dict[str, Any]:
        """``system_identifier``, ``timeline`` and ``lsn`` of the primary to follow, asked over its own protocol."""

    @abstractmethod
    def rejoin(self, upstream: Upstream, *, how: str, aside: str, deadline: Deadline) -> dict[str, Any]:
        """Make the local server a standby of ``upstream``; old data that is replaced stays aside under that name."""

    @abstractmethod
    def service_state(self) -> dict[str, Any]:
        """Plain values, with ``fenced``: nothing runs, nothing starts at boot, nothing could come up writable."""

    @abstractmethod
    def cut_off(self, deadline: Deadline) -> None:
        """End the service for certain, disable its start, and keep it from ever coming up writable by itself."""

    @abstractmethod
    def release(self, deadline: Deadline) -> None:
        """Undo ``cut_off`` as far as the configuration goes; never starts the service."""

    @abstractmethod
    def selected_texts(self, query: str, since: datetime) -> set[str]:
        """The first column of a query in the application's database, read-only; ``%s`` in it stands for ``since``."""
