# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object store whose objects are files of a directory, so that a test can damage them behind its back."""

from __future__ import annotations

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

    port: int
    authority: Path
    bucket: Path

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


@contextmanager
def s3_directory(home: Path) -> Iterator[S3Directory]:
    """Without any cache: what lies in the directory at this moment is what the store has."""
    bucket = home / "s3" / BUCKET
    bucket.mkdir(parents=True)
    authority = make_certificates(home)
    port = free_port()
    keys = [
        "--auth-key",
        f"{ACCESS_KEY},{SECRET_KEY}",
        "--cert",
        str(home / "good.pem"),
        "--key",
        str(home / "good.key"),
    ]
    serve = [str(Path(sys.executable).parent / "rclone"), "serve", "s3", "--config", "", "--dir-cache-time", "0s"]
    with running([*serve, *keys, "--addr", f"localhost:{port}", str(home / "s3")], home / "rclone.log"):
        wait_until("the store answers", lambda: _listens(port), seconds=30)
        yield S3Directory(port, authority, bucket)


def _listens(port: int) -> bool:
    return f":{port:04X} " in Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
