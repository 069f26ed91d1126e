# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object store whose objects are files of a directory, so that a test can damage them behind its back."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.certificates import make_certificates
from tests.integration.servers.object_stores import ACCESS_KEY, SECRET_KEY
from tests.integration.servers.process import free_port, running, wait_until

BUCKET = "backups"


@dataclass(frozen=True)
class S3Directory:
    """The store, with TLS, and the directory of its one bucket."""

    home: Path
    port: int
    authority: Path

    @classmethod
    def prepare(cls, home: Path) -> S3Directory:
        store = cls(home, free_port(), make_certificates(home))
        store.bucket.mkdir(parents=True)
        return store

    @property
    def bucket(self) -> Path:
        return self.home / "s3" / BUCKET

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The store runs. It remembers what it saw in the directory, so a changed one needs it anew."""
        keys = ["--cert", str(self.home / "good.pem"), "--key", str(self.home / "good.key")]
        keys += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
        serve = [str(Path(sys.executable).parent / "rclone"), "serve", "s3", "--config", ""]
        address = ["--addr", f"localhost:{self.port}", str(self.home / "s3")]
        with running([*serve, *keys, *address], self.home / "rclone.log"):
            wait_until("the store answers", self._listens, seconds=30)
            yield

    def _listens(self) -> bool:
        try:
            socket.create_connection(("localhost", self.port), timeout=1).close()
        except OSError:
            return False
        return True
