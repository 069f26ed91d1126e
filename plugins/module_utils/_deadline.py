# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Deadlines on the monotonic clock, and waiting for a predicate instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import DeadlineError

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Deadline:
    """A number of seconds, counted from its creation."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    @property
    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.started + self.seconds - time.monotonic())

    @property
    def is_over(self) -> bool:
        return self.remaining <= 0.0

    def wait_until(
        self,
        what: str,
        observe: Callable[[], Seen],
        is_reached: Callable[[Seen], bool],
        *,
        every_seconds: float = 0.1,
        next_action: str,
    ) -> Seen:
        """Observe until ``is_reached`` says so; the error says what was awaited, how long, and what was last seen."""
        while True:
            seen = observe()
            if is_reached(seen):
                return seen
            if self.is_over:
                raise DeadlineError(
                    what,
                    cause=f"not reached within {self.seconds:g} s, last seen: {seen}",
                    next_action=next_action,
                    evidence={"last_seen": str(seen), "deadline_seconds": self.seconds},
                )
            time.sleep(min(every_seconds, self.remaining))
