# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every kind of repository has: its options, and what can be said of it from this host without its tool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Probe:
    """What a look at the place itself showed; None means that it cannot be asked from here."""

    reachable: bool | None
    free_bytes: int | None
    observed: str


class Repository(ABC):
    """A place where backups live. Its secrets stand in the tool's own configuration and are never used here."""

    NAME: str
    OPTIONS: dict[str, Any]

    def __init__(self, name: str, number: int, options: dict[str, Any], *, is_to_be_encrypted: bool) -> None:
        self.name = name
        self.number = number
        self.options = options
        self.is_to_be_encrypted = is_to_be_encrypted

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, for a person."""

    @abstractmethod
    def probe(self) -> Probe:
        """Look at the place; never raises, never takes longer than a few seconds."""

    @classmethod
    def keeper(cls, options: dict[str, Any]) -> str | None:
        """The host that keeps it for others; None when every host reaches it by itself."""
        return None

    def __str__(self) -> str:
        return f"repository {self.name} (repo{self.number}, {self.place})"
