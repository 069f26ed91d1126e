# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real ssh server on loopback for one user, with a directory to keep backups in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.process import free_port, running, wait_until

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host_key
PidFile none
AuthorizedKeysFile {home}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp /usr/lib/openssh/sftp-server
"""


@dataclass(frozen=True)
class SftpServer:
    """One running server."""

    home: Path
    port: int
    user: str

    def options(self, path: Path) -> dict[str, object]:
        """The options of a repository of the kind sftp."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "path": str(path),
            "identity_file": str(self.home / "identity"),
            "known_hosts_file": str(self.home / "known_hosts"),
        }

    def forget_host_key(self, name: str) -> Path:
        """A file of known hosts that knows this server by another key."""
        file = self.home / name
        kind, key, *_comment = (self.home / "identity.pub").read_text().split()
        file.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        return file


@contextmanager
def sftp_server(home: Path) -> Iterator[SftpServer]:
    for name in ("host_key", "identity"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
    shutil.copy(home / "identity.pub", home / "authorized_keys")
    port = free_port()
    (home / "sshd_config").write_text(CONFIGURATION.format(port=port, home=home))
    kind, key, *_comment = (home / "host_key.pub").read_text().split()
    (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    # It gives up its rights in there.
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with running(["/usr/sbin/sshd", "-D", "-e", "-f", str(home / "sshd_config")], home / "sshd.log"):
        wait_until("the ssh server answers", lambda: _answers(port))
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        yield SftpServer(home, port, user)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4).startswith(b"SSH")
    except OSError:
        return False
