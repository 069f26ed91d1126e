# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Writing a file, and changing places, so that a crash leaves the old or the new content, never a mix or nothing."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
# What a file system or a kernel says that cannot let two names change places at once.
CANNOT = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power loss."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file atomically, keeping the owner of the one that was there."""
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        os.write(descriptor, text.encode(errors="surrogateescape"))
        os.fchmod(descriptor, mode)
        if path.exists() and os.geteuid() == 0:
            owner = path.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.rename(path)
    sync_directory(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file; one that is not there is what was wanted."""
    with suppress(FileNotFoundError):
        path.unlink()
        sync_directory(path.parent)


def exchange(one: Path, two: Path) -> None:
    """Let two names of one disk change places, at once where the file system can: neither is ever missing."""
    if LIBC.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(two), RENAME_EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number not in CANNOT:
        raise OSError(number, os.strerror(number), str(one), None, str(two))
    between = one.with_name(f"{one.name}.exchanged")
    one.rename(between)
    try:
        two.rename(one)
    except OSError:
        between.rename(one)
        raise
    try:
        between.rename(two)
    except OSError:
        one.rename(two)
        between.rename(one)
        raise
