# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every check is: one observation with evidence, compared with what is expected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline


@dataclass(frozen=True)
class Surroundings:
    """What all checks of one call share: the site they ask for, and the name servers that are asked instead of a cache.

    ``unreachable_accepted`` are name servers that need not answer; ``records`` are the public records with
    their values by site.
    """

    site: str | None = None
    name_servers: tuple[str, ...] = ()
    name_server_port: int = 53
    unreachable_accepted: frozenset[str] = frozenset()
    records: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Observation:
    """What was seen, beside what was expected."""

    passed: bool
    observed: str
    expected: str
    evidence: dict[str, Any] = field(default_factory=dict)


class Check(ABC):
    """One kind of check. :meth:`observe` raises a RecoveryError for what cannot be observed: that is a failed check."""

    NAME: str
    OPTIONS: dict[str, Any]

    @abstractmethod
    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        """Read the options; InputError names the one that is wrong."""

    @abstractmethod
    def observe(self, deadline: Deadline) -> Observation:
        """Look once; never changes anything."""
