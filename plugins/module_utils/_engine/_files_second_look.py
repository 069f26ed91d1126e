# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The second look at a source: what of it changed while it was read.

Nearly always nothing did, and whoever waits for the backup waits for this look. So it is first only seen, by as many
processes as there are processors, whether all is as it was; what changed is looked for where that is not so.
"""

from __future__ import annotations

import gc
import os
import stat
from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import (
    Manifest,
    changes,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk, state_of

MOST_PROCESSES = 4
# Fewer than these are seen before another process has begun.
ENTRIES_OF_A_PROCESS = 5_000
# No sum of counts with this in it is as many as there are.
UNLIKE = -(10**12)

State = dict[str, tuple[int, ...]]


def changes_since(walk: Walk, roots: list[str], seen: Manifest) -> dict[str, str]:
    """What became of the source since it was first seen: a word by path."""
    return {} if is_as_before(walk, roots, seen) else changes(seen.state, walk.state(roots))


def is_as_before(walk: Walk, roots: list[str], seen: Manifest) -> bool:
    """Whether everything is there as it was, and nothing else; False when that could not be seen."""
    before = seen.state
    mounts = set(seen.left_out_mounts)
    directories = [path for path, state in before.items() if stat.S_ISDIR(state[0]) and path not in mounts]
    # Those are found in no directory that is looked into.
    tops = [root for root in dict.fromkeys(roots) if os.path.dirname(root) not in before]
    shares = min(len(os.sched_getaffinity(0)), MOST_PROCESSES, 1 + len(before) // ENTRIES_OF_A_PROCESS)
    known = [root for root in tops if walk.is_excluded is None or not walk.is_excluded(root)]
    others = [Share.begun(walk, directories[number::shares], before) for number in range(1, shares)]
    try:
        own = count_same(walk, directories[::shares], before)
        is_same = all(before.get(root) == state_of(os.lstat(walk.place(root))) for root in known)
    except OSError:
        own, is_same = 0, False
    counts = [own, *(other.count() for other in others)]
    return is_same and len(known) + sum(counts) == len(before)


def count_same(walk: Walk, directories: list[str], before: State) -> int:
    """How many entries directly in these directories are as they were; too few when one is not, or has come."""
    count = 0
    for directory in directories:
        begin = directory.rstrip("/") + "/"
        with os.scandir(walk.place(directory)) as entries:
            for entry in entries:
                path = begin + entry.name
                known = before.get(path)
                if known is None:
                    if walk.is_excluded is None or not walk.is_excluded(path):
                        return UNLIKE
                elif known != state_of(entry.stat(follow_symlinks=False)):
                    return UNLIKE
                else:
                    count += 1
    return count


@dataclass(frozen=True)
class Share:
    """A process that counts in some of the directories."""

    pid: int
    answer: int

    @classmethod
    def begun(cls, walk: Walk, directories: list[str], before: State) -> Share:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return cls(pid, reading)
        try:
            # It would copy all that this process shares with its parent.
            gc.disable()
            os.write(writing, str(count_same(walk, directories, before)).encode())
        finally:
            # Nothing of the module is to be gone through twice, whatever has happened.
            os._exit(0)

    def count(self) -> int:
        """What it found; too few when it could not say."""
        with open(self.answer, "rb") as answer:
            said = answer.read()
        os.waitpid(self.pid, 0)
        return int(said) if said else UNLIKE
