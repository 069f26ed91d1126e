# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Snapshots of LVM: a copy-on-write volume beside the live one, mounted read-only while it is read."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import (
    Frozen,
    Snapshot,
    impossible,
    kernel_knows,
)


class LvmSnapshot(Snapshot):
    NAME: str = "lvm"
    OPTIONS: dict[str, Any] = {
        "size": {"type": "str", "default": "10%ORIGIN"},
        "mount_directory": {"type": "path", "default": "/run/recovery/snapshots"},
    }

    def origins(self, paths: list[str]) -> list[str]:
        what = "freeze the paths with LVM"
        if shutil.which("lvcreate") is None:
            raise impossible(what, "the program lvcreate is not installed")
        if not kernel_knows("device-mapper", "/proc/devices"):
            raise impossible(what, "this kernel has no device mapper")
        found = sorted({self._mounted_at(path) for path in paths})
        for origin in found:
            self._volume(origin)
        return found

    def _mounted_at(self, path: str) -> str:
        directory = os.path.realpath(path)
        while not os.path.ismount(directory):
            directory = os.path.dirname(directory)
        return directory

    def _volume(self, origin: str) -> str:
        """The logical volume that is mounted there, as group/volume."""
        source = self.run("findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", origin).stdout.strip()
        listed = self.run("lvs", "--noheadings", "--separator", "/", "--options", "vg_name,lv_name", source)
        if listed.rc != 0 or not listed.stdout.strip():
            raise impossible(f"freeze {origin} with LVM", f"{source or 'it'} is not a logical volume")
        return listed.stdout.strip()

    def take(self, origin: str, name: str) -> Frozen:
        what, volume = f"freeze {origin}", self._volume(origin)
        group, copy = volume.partition("/")[0], name.lstrip(".")
        size = str(self.options["size"])
        share = ["--extents", size] if "%" in size else ["--size", size]
        view = f"{self.options['mount_directory']}/{copy}"
        self.require(what, "lvcreate", "--snapshot", "--name", copy, *share, "--permission", "r", volume)
        os.makedirs(view, mode=0o700, exist_ok=True)
        frozen = Frozen(origin, view, f"{group}/{copy}")
        mounted = self.run("mount", "--options", "ro", f"/dev/{group}/{copy}", view)
        if mounted.rc != 0:
            self.remove(frozen, self.deadline)
            raise impossible(what, f"its snapshot could not be mounted: {mounted.last_lines}")
        return frozen

    def remove(self, frozen: Frozen, deadline: Deadline) -> None:
        what = f"remove the snapshot {frozen.name}"
        if os.path.ismount(frozen.view):
            self.require(what, "umount", frozen.view, deadline=deadline)
        self.require(what, "lvremove", "--yes", frozen.name, deadline=deadline)

    def left_over(self, origin: str, name: str) -> list[Frozen]:
        group, copy = self._volume(origin).partition("/")[0], name.lstrip(".")
        if self.run("lvs", "--noheadings", f"{group}/{copy}").rc != 0:
            return []
        return [Frozen(origin, f"{self.options['mount_directory']}/{copy}", f"{group}/{copy}")]
