# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory of another host, reached over SFTP: nothing but an ssh server is needed there."""

from __future__ import annotations

import shlex
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._reach import probe_port
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._sftp_store import SftpStore
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    Probe,
    Repository,
    ResticAddress,
    within,
)


class SftpRepository(Repository):
    NAME: str = "sftp"
    PGBACKREST_SINCE: tuple[int, int] = (2, 46)
    OPTIONS: dict[str, Any] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 22},
        "user": {"type": "str", "required": True},
        "path": {"type": "path", "required": True},
        "identity_file": {"type": "path", "required": True},
        "known_hosts_file": {"type": "path", "required": True},
    }

    @property
    def place(self) -> str:
        return f"sftp://{self.options['user']}@{self.options['host']}:{self.options['port']}{self.options['path']}"

    def probe(self) -> Probe:
        return probe_port(str(self.options["host"]), int(self.options["port"]))

    def pgbackrest_settings(self) -> dict[str, str]:
        return {
            "type": "sftp",
            "path": str(self.options["path"]),
            "sftp-host": str(self.options["host"]),
            "sftp-host-port": str(self.options["port"]),
            "sftp-host-user": str(self.options["user"]),
            "sftp-private-key-file": str(self.options["identity_file"]),
            "sftp-known-host": str(self.options["known_hosts_file"]),
            "sftp-host-key-check-type": "strict",
            "sftp-host-key-hash-type": "sha256",
        }

    def restic_address(self) -> ResticAddress:
        command = ["ssh", "-p", str(self.options["port"]), *self._ssh_options]
        command += [f"{self.options['user']}@{self.options['host']}", "-s", "sftp"]
        path = within(str(self.options["path"]), "restic")
        url = f"sftp:{self.options['user']}@{self.options['host']}:{path}"
        return ResticAddress(url, options=("-o", f"sftp.command={shlex.join(command)}"))

    def open_store(self, secrets: dict[str, str]) -> SftpStore:
        argv = ["sftp", "-b", "-", "-P", str(self.options["port"]), *self._ssh_options]
        return SftpStore([*argv, f"{self.options['user']}@{self.options['host']}"], str(self.options["path"]))

    @property
    def _ssh_options(self) -> list[str]:
        """Never asks, never trusts a host that it does not know, and ends when nobody answers."""
        return [
            *("-i", str(self.options["identity_file"])),
            *("-o", f"UserKnownHostsFile={self.options['known_hosts_file']}"),
            *("-o", "StrictHostKeyChecking=yes"),
            *("-o", "IdentitiesOnly=yes"),
            *("-o", "BatchMode=yes"),
            *("-o", "ConnectTimeout=10"),
            *("-o", "ServerAliveInterval=10"),
        ]
