# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every load balancer and connection pooler can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline


class Balancer(ABC):
    """One balancer on this host; it is the subject of lb_failover, and :meth:`observe` is lb_failover_info.

    ``CONNECTION`` are the options that say what is meant, ``OPTIONS`` add what it should be. Errors are
    BalancerError or PoolerError.
    """

    NAME: str
    CONNECTION: dict[str, Any]
    OPTIONS: dict[str, Any]

    @abstractmethod
    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        """Read the options; InputError names the one that is wrong."""

    @abstractmethod
    def describe(self) -> Description:
        """What it serves now, and what it would serve after a reload."""

    @abstractmethod
    def plan(self, before: Description) -> Description:
        """What it should serve; pure."""

    @abstractmethod
    def apply(self, before: Description, after: Description) -> None:
        """Make it so, and keep it over a reload."""

    @abstractmethod
    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        """``before`` for an undo, and what was measured on the way."""

    @abstractmethod
    def results(self, after: Description) -> dict[str, Any]:
        """The return values of lb_failover."""

    @abstractmethod
    def observe(self) -> dict[str, Any]:
        """The return values of lb_failover_info."""
