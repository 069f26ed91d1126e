# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Snapshots of ZFS: every data set shows its own below ``.zfs``."""

from __future__ import annotations

import shutil
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import (
    Frozen,
    Snapshot,
    impossible,
    kernel_knows,
)


class ZfsSnapshot(Snapshot):
    NAME: str = "zfs"
    OPTIONS: dict[str, Any] = {}

    def origins(self, paths: list[str]) -> list[str]:
        what = "freeze the paths with ZFS"
        if shutil.which("zfs") is None:
            raise impossible(what, "the program zfs is not installed")
        if not kernel_knows("zfs", "/proc/filesystems"):
            raise impossible(what, "this kernel has no ZFS")
        return sorted({self._data_set(path)[1] for path in paths})

    def _data_set(self, path: str) -> tuple[str, str]:
        """The data set that a path lies in, and where that is mounted."""
        listed = self.run("zfs", "list", "-H", "-o", "name,mountpoint", path)
        name, separator, mounted = listed.stdout.strip().partition("\t")
        if listed.rc != 0 or not separator or not mounted.startswith("/"):
            raise impossible(f"freeze {path} with ZFS", f"it lies in no mounted data set: {listed.last_lines}")
        return name, mounted

    def take(self, origin: str, name: str) -> Frozen:
        snapshot = f"{self._data_set(origin)[0]}@{name.lstrip('.')}"
        self.require(f"freeze {origin}", "zfs", "snapshot", snapshot)
        return Frozen(origin, f"{origin.rstrip('/')}/.zfs/snapshot/{name.lstrip('.')}", snapshot)

    def remove(self, frozen: Frozen, deadline: Deadline) -> None:
        self.require(f"remove the snapshot {frozen.name}", "zfs", "destroy", frozen.name, deadline=deadline)

    def left_over(self, origin: str, name: str) -> list[Frozen]:
        snapshot = f"{self._data_set(origin)[0]}@{name.lstrip('.')}"
        if self.run("zfs", "list", "-H", "-t", "snapshot", snapshot).rc != 0:
            return []
        return [Frozen(origin, "", snapshot)]
