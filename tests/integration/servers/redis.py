# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Redis at a unix socket, with the data file of a directory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.process import running, wait_until


@dataclass(frozen=True)
class Redis:
    """One running server."""

    directory: Path
    socket: Path

    @property
    def data_file(self) -> Path:
        return self.directory / "dump.rdb"

    @property
    def program(self) -> str:
        """How a shell calls its client; without -e that ends with 0 whatever the server answers."""
        return f"redis-cli -e -s {self.socket}"

    def ask(self, *words: str) -> str:
        """An answer without its end of line."""
        argv = [*self.program.split(), *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=10).stdout.strip()


@contextmanager
def redis_server(directory: Path, socket: Path) -> Iterator[Redis]:
    """It reads the data file that lies in the directory, and writes one when it is told to and never by itself."""
    own = {"port": "0", "unixsocket": str(socket), "dir": str(directory), "save": "", "enable-protected-configs": "yes"}
    words = [word for name, value in own.items() for word in (f"--{name}", value)]
    with running(["redis-server", *words], socket.with_suffix(".log")):
        server = Redis(directory, socket)
        wait_until("Redis answers", lambda: _answers(server))
        yield server


def _answers(server: Redis) -> bool:
    argv = [*server.program.split(), "ping"]
    return subprocess.run(argv, check=False, capture_output=True, timeout=10).returncode == 0
