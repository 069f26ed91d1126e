# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Snapshots of btrfs: read-only, at once, beside what is in the subvolume itself."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import (
    Frozen,
    Snapshot,
    impossible,
)

# The root of every subvolume has this number.
SUBVOLUME_INODE = 256
# What a snapshot shows in the place of another subvolume: an empty directory.
HOLE_INODE = 2


class BtrfsSnapshot(Snapshot):
    NAME: str = "btrfs"
    OPTIONS: dict[str, Any] = {}

    def origins(self, paths: list[str]) -> list[str]:
        if shutil.which("btrfs") is None:
            raise impossible("freeze the paths with btrfs", "the program btrfs is not installed")
        found = sorted({self._subvolume(path) for path in paths})
        return found

    def _subvolume(self, path: str) -> str:
        """The root of the subvolume that a path lies in."""
        what = f"freeze {path} with btrfs"
        kind = self.run("stat", "--file-system", "--format=%T", path)
        if kind.rc != 0 or kind.stdout.strip() != "btrfs":
            raise impossible(what, f"it lies on {kind.stdout.strip() or kind.last_lines}, not on btrfs")
        directory = os.path.realpath(path)
        while os.lstat(directory).st_ino != SUBVOLUME_INODE or not os.path.isdir(directory):
            if directory == "/":
                raise impossible(what, "no subvolume was found above it")
            directory = os.path.dirname(directory)
        return directory

    def require_whole(self, numbers: dict[str, int]) -> None:
        holes = sorted(path for path, number in numbers.items() if number == HOLE_INODE)
        if holes:
            raise impossible(
                f"freeze {holes[0]} with btrfs",
                "it is a subvolume of its own, which a snapshot of the one around it leaves out: name it in paths too",
            )

    def take(self, origin: str, name: str) -> Frozen:
        view = f"{origin}/{name}"
        self.require(f"freeze {origin}", "btrfs", "subvolume", "snapshot", "-r", origin, view)
        return Frozen(origin, view, view)

    def remove(self, frozen: Frozen, deadline: Deadline) -> None:
        what = f"remove the snapshot {frozen.view}"
        self.require(what, "btrfs", "subvolume", "delete", frozen.view, deadline=deadline)

    def left_over(self, origin: str, name: str) -> list[Frozen]:
        view = f"{origin}/{name}"
        return [Frozen(origin, view, view)] if os.path.isdir(view) else []
