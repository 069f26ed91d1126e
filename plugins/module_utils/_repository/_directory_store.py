# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory of this host as a store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    RecoveryError,
    RepositoryError,
    SpaceError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store, StoredObject

KINDS: dict[int, type[RecoveryError]] = {
    errno.EACCES: AccessError,
    errno.EPERM: AccessError,
    errno.EROFS: AccessError,
    errno.ENOSPC: SpaceError,
    errno.EDQUOT: SpaceError,
}


class DirectoryStore(Store):
    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def put(self, name: str, content: bytes) -> None:
        file = self.path / name
        with _explained(f"write {file}"):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                os.write(descriptor, content)
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)

    def get(self, name: str) -> bytes:
        with _explained(f"read {self.path / name}"):
            return (self.path / name).read_bytes()

    def list(self, prefix: str) -> list[StoredObject]:
        directory = self.path / prefix
        if prefix and not directory.exists():
            return []
        with _explained(f"list {directory}"):
            return [
                StoredObject(prefix + entry.name, one.st_size, datetime.fromtimestamp(one.st_mtime, UTC))
                for entry in os.scandir(directory)
                for one in (entry.stat(follow_symlinks=False),)
            ]

    def delete(self, name: str) -> None:
        with _explained(f"remove {self.path / name}"):
            (self.path / name).unlink()


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = KINDS.get(error.errno or 0, RepositoryError)
        raise kind(
            what,
            cause=error.strerror or str(error),
            next_action="Correct the owner, the mode or the room of that directory, or the user who runs this",
        ) from error
