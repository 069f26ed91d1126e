# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every method of cutting a site off must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import (
    LEVEL_ASSUMED,
    FenceProof,
    Occasion,
)


class Place(StrEnum):
    """Where a method works."""

    CONTROLLER = "controller"
    DATABASE_HOST = "database host"
    EVERYWHERE_ELSE = "everywhere else"


class FenceMethod(ABC):
    """One way to cut a site off. Raises RecoveryError, never sees AnsibleModule."""

    NAME: str
    OPTIONS: dict[str, Any]
    LEVEL: int
    PLACE: Place
    USER: str | None = None
    """As whom it works at its place; None: as whoever Ansible is there."""

    def __init__(self, options: dict[str, Any], *, site: str, members: list[str]) -> None:
        self.options = options
        self.site = site
        self.members = members

    @classmethod
    def order_of(cls, pair: Mapping[str, Any], pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """The options that the database itself says, out of a pair and all pairs of the site."""
        return {}

    @abstractmethod
    def observe(self) -> Description:
        """Plain values, with ``fenced`` saying whether all of it holds."""

    def stands(self, seen: Description) -> bool:
        """Whether something is left to be taken away: half a fence does not hold, but it is in the way."""
        return bool(seen["fenced"])

    @abstractmethod
    def cut(self, before: Description, deadline: Deadline) -> None:
        """Make it hold."""

    @abstractmethod
    def release(self, before: Description, deadline: Deadline) -> None:
        """Take it away again; never starts a database."""


@dataclass
class Fence:
    """The subject of the module ``fence``."""

    method: FenceMethod
    occasion: Occasion
    wanted: bool
    deadline: Deadline
    seen: Description = field(default_factory=dict)

    def describe(self) -> Description:
        self.seen = self.method.observe()
        return {"fenced": self.is_seen(self.seen)}

    def is_seen(self, seen: Description) -> bool:
        """A fence is there when all of it holds, and gone when nothing of it is left."""
        return bool(seen["fenced"]) if self.wanted else self.method.stands(seen)

    def plan(self, before: Description) -> Description:
        return {"fenced": self.wanted}

    def apply(self, before: Description, after: Description) -> None:
        observed = dict(self.seen)
        if self.wanted:
            self.method.cut(observed, self.deadline)
        else:
            self.method.release(observed, self.deadline)
        self.deadline.wait_until(
            f"see {self.occasion.site} {'cut off' if self.wanted else 'released'}",
            self.method.observe,
            lambda seen: self.is_seen(seen) == self.wanted,
            every_seconds=0.1,
            next_action="See what is left of it, and fence by another method",
        )

    @property
    def proof(self) -> FenceProof:
        """Made from what was observed last: in check mode that is a site that still writes."""
        holds = bool(self.seen.get("fenced")) and self.wanted
        return self.occasion.proof(
            level=self.method.LEVEL if holds else 0,
            method=self.method.NAME,
            evidence=self.seen,
            checked=not holds,
        )

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        """What one place alone saw is no proof, and does not stand in the report as one."""
        is_proof = self.method.LEVEL > LEVEL_ASSUMED
        return {"before": before, "observed": self.seen, **(self.results(after) if is_proof else {})}

    def results(self, after: Description) -> dict[str, Any]:
        return {"fence_proof": self.proof.as_dict() if self.wanted else None}
