# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whose lock is in the way: a process that works is waited for, one that is proven dead left it behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

LOOK_AGAIN_SECONDS = 0.5
LOCKED = re.compile(r"already locked(?: exclusively)? by PID (?P<pid>\d+) on (?P<host>\S+) by ")


@dataclass(frozen=True)
class Owner:
    """Who holds a lock, as restic says."""

    process_id: int
    host: str


def owner_of(text: str) -> Owner | None:
    """The owner that restic names when a lock is in its way."""
    found = LOCKED.search(text)
    return Owner(int(found["pid"]), found["host"]) if found else None


def dead_owner_of(text: str) -> Owner | None:
    """The owner, when no such process is alive on this host; another host's can never be proven dead from here."""
    owner = owner_of(text)
    if owner is None or owner.host != os.uname().nodename or is_alive(owner.process_id):
        return None
    return owner


@dataclass
class Way:
    """Makes way for what a lock held up: one that nobody holds is taken away, another is waited for, with patience."""

    patience: Deadline
    # restic takes away what it knows to be dead: a process of this host, or one that was silent for half an hour.
    unlock: Callable[[], object]
    looked_at: set[Owner] = field(default_factory=set)

    def is_made(self, said: str) -> bool:
        """Whether it is worth another attempt, after what restic said of the lock; this waits where it has to."""
        owner, is_known_dead = owner_of(said), dead_owner_of(said) is not None
        if not is_known_dead or owner in self.looked_at:
            if self.patience.is_over:
                return False
            time.sleep(min(LOOK_AGAIN_SECONDS, self.patience.remaining))
        # Once for each as it is found, and once more when it turns out to be dead: restic takes one that nobody has
        # collected yet for alive, and leaves its lock.
        if owner is not None and (is_known_dead or owner not in self.looked_at):
            self.unlock()
            self.looked_at.add(owner)
        return True


def is_alive(process_id: int) -> bool:
    """Whether a process of this number is there; one that has ended and only waits for its parent is not."""
    try:
        with open(f"/proc/{process_id}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return os.path.exists(f"/proc/{process_id}")
    return state not in ("Z", "X")
