# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Looking at a tree: a backup of a hundred thousand small files costs little more than these looks at them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import (
    NOTHING,
    Entry,
    Manifest,
)

TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character_device",
    stat.S_IFBLK: "block_device",
}
BLOCK_BYTES = 512
READ_FLAGS = 0x80086601  # FS_IOC_GETFLAGS
# Immutable, append only, no dump, no copy on write: what a restore cannot bring back.
LOST_FLAGS = {0x10: "immutable", 0x20: "append_only", 0x40: "no_dump", 0x800000: "no_copy_on_write"}
NO_FLAGS = bytes(8)
ANY_LOST = sum(LOST_FLAGS)


@dataclass(frozen=True)
class Walk:
    """How a tree is looked at. What belongs at a path is read below ``tree``, or where ``real`` says."""

    is_excluded: Callable[[str], bool] | None = None
    is_one_file_system: bool = True
    with_hashes: bool = False
    with_flags: bool = True
    tree: str = ""
    real: Callable[[str], str] | None = None

    def place(self, path: str) -> str:
        """Where a path is read."""
        return self.tree + path if self.real is None else self.real(path)

    def manifest(self, roots: list[str]) -> Manifest:
        """Everything about everything below the roots, of each name at once."""
        found = Manifest()
        for path, status in self._walk(roots, found):
            found.entries[path] = plain_entry(status)
            self._complete(path, found)
        return found

    def look(self, roots: list[str], found: Manifest, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Add what one call per name tells; the rest is for ``complete``, which may come later."""
        for path, status in self._walk(roots, found):
            if not is_wanted():
                return
            found.state[path] = state_of(status)
            found.entries[path] = plain_entry(status)

    def complete(self, found: Manifest, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Add what takes more calls. It is true of the first look where the state is the same afterwards."""
        for path in found.entries:
            if not is_wanted():
                return
            self._complete(path, found)

    def _complete(self, path: str, found: Manifest) -> None:
        try:
            found.entries[path] = self._completed(self.place(path), found.entries[path])
        except FileNotFoundError:
            # It vanished, which the next look at the state tells.
            pass
        except OSError as error:
            found.unreadable[path] = os.strerror(error.errno or 0)

    def state(self, roots: list[str]) -> dict[str, tuple[int, ...]]:
        """Only what tells whether something changed since: a second look is cheaper than the first."""
        return {path: state_of(status) for path, status in self._walk(roots, Manifest())}

    def _walk(self, roots: list[str], found: Manifest) -> Iterator[tuple[str, os.stat_result]]:
        for root in roots:
            try:
                status = os.lstat(self.place(root))
            except OSError as error:
                found.unreadable[root] = os.strerror(error.errno or 0)
                continue
            if self.is_excluded is None or not self.is_excluded(root):
                yield from self._below(root, status, found)

    def _below(self, root: str, status: os.stat_result, found: Manifest) -> Iterator[tuple[str, os.stat_result]]:
        yield root, status
        waiting = [root] if stat.S_ISDIR(status.st_mode) else []
        while waiting:
            directory = waiting.pop()
            begin = directory.rstrip("/") + "/"
            for name in self._names(directory, found):
                path = begin + name
                if self.is_excluded is not None and self.is_excluded(path):
                    continue
                try:
                    seen = os.lstat(self.place(path))
                except OSError as error:
                    found.unreadable[path] = os.strerror(error.errno or 0)
                    continue
                if stat.S_ISDIR(seen.st_mode):
                    if self.is_one_file_system and seen.st_dev != status.st_dev:
                        found.left_out_mounts.append(path)
                    else:
                        waiting.append(path)
                yield path, seen

    def _names(self, directory: str, found: Manifest) -> list[str]:
        try:
            return sorted(os.listdir(self.place(directory)))
        except OSError as error:
            found.unreadable[directory] = os.strerror(error.errno or 0)
            return []

    def _completed(self, real: str, entry: Entry) -> Entry:
        flags: tuple[str, ...] = ()
        if entry.type == "link":
            entry = entry._replace(target=os.readlink(real))
            xattrs = xattrs_of(real)
        elif self.with_flags and entry.type in ("file", "directory"):
            flags, xattrs = flags_and_xattrs_of(real)
        else:
            xattrs = xattrs_of(real)
        if self.with_hashes and entry.type == "file":
            entry = entry._replace(sha256=hash_of(real))
        return entry._replace(flags=flags, xattrs=xattrs) if flags or xattrs else entry


def plain_entry(status: os.stat_result) -> Entry:
    """What of an entry one call tells."""
    mode = status.st_mode
    kind = TYPES.get(stat.S_IFMT(mode), "unknown")
    is_file = kind == "file"
    return Entry(
        kind,
        stat.S_IMODE(mode),
        status.st_uid,
        status.st_gid,
        status.st_size if is_file else 0,
        status.st_mtime_ns,
        status.st_blocks * BLOCK_BYTES if is_file else 0,
        links=f"{status.st_dev}:{status.st_ino}" if status.st_nlink > 1 and kind != "directory" else "",
        device=status.st_rdev if kind.endswith("_device") else 0,
    )


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Different after every change of the entry, its metadata or its content: nobody can set the ctime."""
    is_directory = stat.S_ISDIR(status.st_mode)
    size = 0 if is_directory else status.st_size
    return (status.st_mode, status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns)


def xattrs_of(place: str | int) -> dict[str, str]:
    """The names of the extended attributes, access lists among them, with a digest of each value."""
    is_open = isinstance(place, int)
    try:
        names = os.listxattr(place, follow_symlinks=is_open)
    except OSError:
        return NOTHING
    if not names:
        return NOTHING
    found: dict[str, str] = {}
    with suppress(OSError):
        for name in names:
            value = os.getxattr(place, name, follow_symlinks=is_open)
            found[name] = hashlib.sha256(value).hexdigest()[:16]
    return found


def flags_and_xattrs_of(path: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Of a file or directory, which is opened once for both where that is allowed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return (), xattrs_of(path)
    try:
        return flags_of(descriptor), xattrs_of(descriptor)
    finally:
        os.close(descriptor)


def flags_of(descriptor: int) -> tuple[str, ...]:
    """The flags of the inode that a restore cannot bring back."""
    try:
        bits = int.from_bytes(fcntl.ioctl(descriptor, READ_FLAGS, NO_FLAGS)[:4], sys.byteorder)
    except OSError:
        return ()
    return tuple(name for bit, name in LOST_FLAGS.items() if bits & bit) if bits & ANY_LOST else ()


def hash_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
