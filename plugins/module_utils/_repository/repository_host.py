# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A host that keeps the backups of others, reached over ssh by pgBackRest itself."""

from __future__ import annotations

import os
import socket
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._directory_store import (
    DirectoryStore,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._reach import probe_port
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Probe, Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.filesystem import probe_directory


class RepositoryHost(Repository):
    NAME: str = "repository_host"
    IS_DIRECTORY: bool = True
    OPTIONS: dict[str, Any] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 22},
        "user": {"type": "str", "default": "pgbackrest"},
        "path": {"type": "path", "required": True},
    }

    @property
    def host(self) -> str:
        return str(self.options["host"])

    @property
    def place(self) -> str:
        return f"{self.options['host']}:{self.options['path']}"

    @property
    def is_this_host(self) -> bool:
        """Whether this is the repository host itself, by name."""
        names = {socket.gethostname(), socket.gethostname().partition(".")[0]}
        return str(self.options["host"]) in names and os.path.isdir(self.options["path"])

    @property
    def local_directory(self) -> str | None:
        return str(self.options["path"]) if self.is_this_host else None

    def probe(self) -> Probe:
        if self.is_this_host:
            return probe_directory(str(self.options["path"]))
        return probe_port(str(self.options["host"]), int(self.options["port"]))

    def pgbackrest_settings(self) -> dict[str, str]:
        """As the repository host itself writes it; the others name that host instead."""
        return {"path": str(self.options["path"])}

    def open_store(self, secrets: dict[str, str]) -> DirectoryStore | None:
        return DirectoryStore(str(self.options["path"])) if self.is_this_host else None
