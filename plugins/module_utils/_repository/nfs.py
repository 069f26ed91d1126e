# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory of a network share, which must really be mounted: else backups fill the local disk unseen."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError, RepositoryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._directory_store import (
    DirectoryStore,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._mount import Mount, mount_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    Probe,
    Repository,
    ResticAddress,
    within,
)

# A server that went away lets every look at its share wait.
ANSWER_SECONDS = 5.0


class NfsRepository(Repository):
    NAME: str = "nfs"
    IS_DIRECTORY: bool = True
    OPTIONS: dict[str, Any] = {
        "path": {"type": "path", "required": True},
        "server": {"type": "str"},
        "export": {"type": "str"},
        "filesystem_types": {"type": "list", "elements": "str", "default": ["nfs", "nfs4"]},
    }

    @property
    def place(self) -> str:
        if self.options.get("server"):
            return f"{self.options['server']}:{self.options.get('export') or ''} at {self.options['path']}"
        return str(self.options["path"])

    @property
    def local_directory(self) -> str:
        return str(self.options["path"])

    def probe(self) -> Probe:
        try:
            self.require_ready()
            asked = run_tool(
                ["stat", "--file-system", "--format=%a %S", self.options["path"]], deadline=Deadline(ANSWER_SECONDS)
            )
        except RecoveryError as error:
            return Probe(reachable=False, free_bytes=None, observed=error.cause)
        if asked.rc != 0:
            return Probe(reachable=False, free_bytes=None, observed=asked.last_lines)
        blocks, block_bytes = (int(word) for word in asked.stdout.split())
        free = blocks * block_bytes
        return Probe(reachable=True, free_bytes=free, observed=f"{free} bytes are free in {self.options['path']}")

    def require_ready(self) -> None:
        path = str(self.options["path"])
        mount = mount_of(path)
        wrong = self._what_is_wrong(mount)
        if wrong:
            raise RepositoryError(
                f"use {self}",
                cause=wrong,
                next_action=f"Mount the share at {path} or above, and write nothing there before it is mounted",
                evidence={"mount": mount.as_result()},
            )

    def _what_is_wrong(self, mount: Mount) -> str:
        kinds = [str(kind) for kind in self.options["filesystem_types"]]
        if mount.point == "/" or mount.kind not in kinds:
            return f"nothing of the kind {', '.join(kinds)} is mounted there; it lies on {mount}"
        server, export = self.options.get("server"), self.options.get("export")
        if server and export and mount.source != f"{server}:{export}":
            return f"mounted there is {mount.source}, declared is {server}:{export}"
        if mount.is_read_only:
            return f"{mount} is mounted read-only"
        return ""

    def pgbackrest_settings(self) -> dict[str, str]:
        return {"path": str(self.options["path"])}

    def restic_address(self) -> ResticAddress:
        return ResticAddress(within(str(self.options["path"]), "restic"))

    def open_store(self, secrets: dict[str, str]) -> DirectoryStore:
        return DirectoryStore(str(self.options["path"]))
