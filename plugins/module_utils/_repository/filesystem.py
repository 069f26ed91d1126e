# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory of this host: a local disk or a mounted share."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._directory_store import (
    DirectoryStore,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    Probe,
    Repository,
    ResticAddress,
    within,
)


class FilesystemRepository(Repository):
    NAME: str = "filesystem"
    IS_DIRECTORY: bool = True
    IS_OF_ONE_HOST: bool = True
    OPTIONS: dict[str, Any] = {"path": {"type": "path", "required": True}}

    @property
    def place(self) -> str:
        return str(self.options["path"])

    @property
    def local_directory(self) -> str:
        return str(self.options["path"])

    def probe(self) -> Probe:
        return probe_directory(self.place)

    def pgbackrest_settings(self) -> dict[str, str]:
        return {"path": self.place}

    def restic_address(self) -> ResticAddress:
        return ResticAddress(within(self.place, "restic"))

    def open_store(self, secrets: dict[str, str]) -> DirectoryStore:
        return DirectoryStore(self.place)


def probe_directory(path: str) -> Probe:
    """A directory of this host and the room on its disk."""
    try:
        disk = os.statvfs(path)
    except OSError as error:
        return Probe(reachable=False, free_bytes=None, observed=str(error))
    free = disk.f_bavail * disk.f_frsize
    return Probe(reachable=True, free_bytes=free, observed=f"{free} bytes are free in {path}")
