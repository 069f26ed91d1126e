# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a tree is made of, without its content: taken before a backup, compared with the source and with a copy."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
NOTHING: dict[str, str] = {}


class Entry(NamedTuple):
    """One name in the tree. ``links`` is the same for all names of one file that has several.

    A tuple, for a million of them are made, kept with the backup, and read again.
    """

    type: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    allocated: int = 0
    target: str = ""
    links: str = ""
    device: int = 0
    sha256: str = ""
    flags: list[str] | tuple[str, ...] = ()
    xattrs: dict[str, str] = NOTHING

    @property
    def is_sparse(self) -> bool:
        return self.type == "file" and self.allocated < self.size

    def as_json(self) -> list[Any]:
        """In the order of the fields, without the empty ones at the end."""
        row: list[Any] = list(self)
        while not row[-1]:
            row.pop()
        return row


@dataclass
class Manifest:
    """The entries by path, and what could not be looked at. ``state`` changes whenever an entry or its content does."""

    entries: dict[str, Entry] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    left_out_mounts: list[str] = field(default_factory=list)
    state: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def content_bytes(self) -> int:
        """What all files hold, as it has to be written; a file of several names counts once."""
        return _sum_once(self.entries.values(), lambda entry: entry.size)

    @property
    def allocated_bytes(self) -> int:
        """The same without the holes of sparse files."""
        return _sum_once(self.entries.values(), lambda entry: min(entry.allocated, entry.size))

    def as_json(self) -> dict[str, Any]:
        return {path: entry.as_json() for path, entry in self.entries.items()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Manifest:
        return cls({path: Entry(*row) for path, row in content.items()})


def _sum_once(entries: Any, size_of: Callable[[Entry], int]) -> int:
    seen: set[str] = set()
    total = 0
    for entry in entries:
        if entry.type == "file" and (not entry.links or entry.links not in seen):
            seen.add(entry.links)
            total += size_of(entry)
    return total


@dataclass(frozen=True)
class Walk:
    """How a tree is looked at. ``real`` says where a path is read, when that is not where it belongs."""

    is_excluded: Callable[[str], bool] = lambda path: False
    is_one_file_system: bool = True
    with_hashes: bool = False
    with_flags: bool = True
    real: Callable[[str], str] = lambda path: path

    def manifest(self, roots: list[str]) -> Manifest:
        """Everything about everything below the roots."""
        found = Manifest()
        for path, status in self._walk(roots, found):
            found.state[path] = state_of(status)
            try:
                found.entries[path] = self._entry(path, status)
            except OSError as error:
                found.unreadable[path] = os.strerror(error.errno or 0)
        return found

    def state(self, roots: list[str]) -> dict[str, tuple[int, ...]]:
        """Only what tells whether something changed since: a second look is cheaper than the first."""
        return {path: state_of(status) for path, status in self._walk(roots, Manifest())}

    def _walk(self, roots: list[str], found: Manifest) -> Iterator[tuple[str, os.stat_result]]:
        for root in roots:
            try:
                status = os.lstat(self.real(root))
            except OSError as error:
                found.unreadable[root] = os.strerror(error.errno or 0)
                continue
            if not self.is_excluded(root):
                yield from self._below(root, status, found)

    def _below(self, root: str, status: os.stat_result, found: Manifest) -> Iterator[tuple[str, os.stat_result]]:
        yield root, status
        waiting = [root] if stat.S_ISDIR(status.st_mode) else []
        while waiting:
            directory = waiting.pop()
            for name in self._names(directory, found):
                path = f"{directory.rstrip('/')}/{name}"
                if self.is_excluded(path):
                    continue
                try:
                    seen = os.lstat(self.real(path))
                except OSError as error:
                    found.unreadable[path] = os.strerror(error.errno or 0)
                    continue
                is_directory = stat.S_ISDIR(seen.st_mode)
                if is_directory and self.is_one_file_system and seen.st_dev != status.st_dev:
                    found.left_out_mounts.append(path)
                elif is_directory:
                    waiting.append(path)
                yield path, seen

    def _names(self, directory: str, found: Manifest) -> list[str]:
        try:
            return sorted(os.listdir(self.real(directory)))
        except OSError as error:
            found.unreadable[directory] = os.strerror(error.errno or 0)
            return []

    def _entry(self, path: str, status: os.stat_result) -> Entry:
        real = self.real(path)
        kind = TYPES.get(stat.S_IFMT(status.st_mode), "unknown")
        is_file = kind == "file"
        return Entry(
            type=kind,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            size=status.st_size if is_file else 0,
            mtime_ns=status.st_mtime_ns,
            allocated=status.st_blocks * BLOCK_BYTES if is_file else 0,
            target=os.readlink(real) if kind == "link" else "",
            links=f"{status.st_dev}:{status.st_ino}" if status.st_nlink > 1 and kind != "directory" else "",
            xattrs=xattrs_of(real),
            flags=flags_of(real) if self.with_flags and kind in ("file", "directory") else (),
            sha256=hash_of(real) if self.with_hashes and is_file else "",
            device=status.st_rdev if kind.endswith("_device") else 0,
        )


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Different after every change of the entry, its metadata or its content: nobody can set the ctime."""
    is_directory = stat.S_ISDIR(status.st_mode)
    size = 0 if is_directory else status.st_size
    return (status.st_mode, status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns)


def xattrs_of(path: str) -> dict[str, str]:
    """The names of the extended attributes, access lists among them, with a digest of each value."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return NOTHING
    found: dict[str, str] = {}
    with suppress(OSError):
        for name in names:
            value = os.getxattr(path, name, follow_symlinks=False)
            found[name] = hashlib.sha256(value).hexdigest()[:16]
    return found


def flags_of(path: str) -> tuple[str, ...]:
    """The flags of the inode that a restore cannot bring back."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return ()
    try:
        bits = int.from_bytes(fcntl.ioctl(descriptor, READ_FLAGS, NO_FLAGS)[:4], sys.byteorder)
    except OSError:
        return ()
    finally:
        os.close(descriptor)
    return tuple(name for bit, name in LOST_FLAGS.items() if bits & bit) if bits & ANY_LOST else ()


def hash_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def changes(before: dict[str, tuple[int, ...]], after: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """What became of the source while it was read: a word by path."""
    found = {path: "vanished" for path in before.keys() - after.keys()}
    found.update({path: "appeared" for path in after.keys() - before.keys()})
    found.update({path: "changed" for path in before.keys() & after.keys() if before[path] != after[path]})
    return dict(sorted(found.items()))
