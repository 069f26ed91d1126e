# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees as they should not be, but are; and a comparison of two trees that knows nothing of manifests."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

from tests.integration.files_backup.sandbox import write_random

NAMES = [
    b"with\nnewline",
    b"-rf",
    b"$(touch pwned)",
    b"`id`",
    b"quotes'\"and\\backslash",
    b"not utf-8 \xff\xfe",
    b"n" * 255,
    "right to left \u202egnp.exe".encode(),
    "composed \u00e9".encode(),
    "decomposed e\u0301".encode(),
    b"Case",
    b"case",
    b"escape \x1b[31m",
    b" leading and trailing ",
    b"[a]*?",
    b"#comment",
]
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
SPARSE_BYTES = 64 * 1024 * 1024


def make_hostile(root: Path) -> None:
    """Everything that a tree of files can hold, as far as this file system lets it."""
    place = os.fsencode(root)
    for number, name in enumerate(NAMES):
        with open(place + b"/" + name, "wb") as file:
            file.write(name * (number + 1))
    (root / "empty").mkdir(mode=0o1777)
    os.symlink("/etc/shadow", root / "absolute link")
    os.symlink("nowhere", root / "dangling link")
    os.symlink("../..", root / "link to a directory above")
    os.mkfifo(root / "fifo", 0o640)
    os.mknod(root / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    write_random(root / "one of three", 5000, seed=3)
    os.link(root / "one of three", root / "two of three")
    os.link(root / "one of three", root / "empty" / "three of three")
    (root / "set user id").write_bytes(b"x")
    os.chown(root / "set user id", 12345, 54321)
    (root / "set user id").chmod(0o6755)
    (root / "mode 000").write_bytes(b"secret")
    (root / "mode 000").chmod(0)
    (root / "attributes").write_bytes(b"x")
    os.setxattr(root / "attributes", "user.origin", b"\x00\xffbytes")
    os.setxattr(root / "attributes", "security.capability", CAPABILITY)
    subprocess.run(["setfacl", "--modify", "user:12345:r,group:54321:rw", str(root / "attributes")], check=True)
    subprocess.run(["setfacl", "--default", "--modify", "user:12345:rwx", str(root / "empty")], check=True)
    with (root / "sparse").open("wb") as file:
        file.write(b"begin")
        file.seek(SPARSE_BYTES - 4096)
        file.write(b"e" * 4096)
    os.utime(root / "sparse", ns=(1_000_000_000_123_456_789, 1_000_000_000_123_456_789))
    deep = root
    for _level in range(40):
        deep = deep / "deeper"
        deep.mkdir()
    (deep / "bottom").write_text("reached")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def described(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Every name below a directory with all that can be asked of it, and its content."""
    found: dict[bytes, tuple[object, ...]] = {}
    first_name: dict[tuple[int, int], bytes] = {}
    place = os.fsencode(root)
    for directory, directories, files in os.walk(place):
        for name in sorted(directories + files):
            path = directory + b"/" + name
            status = os.lstat(path)
            key = path[len(place) :]
            is_link, is_file = stat.S_ISLNK(status.st_mode), stat.S_ISREG(status.st_mode)
            content: object = os.readlink(path) if is_link else None
            if is_file:
                content = Path(os.fsdecode(path)).read_bytes()
            names = os.listxattr(path, follow_symlinks=False)
            attributes = {each: os.getxattr(path, each, follow_symlinks=False) for each in names}
            links = first_name.setdefault((status.st_dev, status.st_ino), key) if is_file else key
            mtime = None if is_link else status.st_mtime_ns
            owner = (status.st_uid, status.st_gid, status.st_mode, status.st_rdev)
            found[key] = (*owner, mtime, content, tuple(sorted(attributes.items())), links)
    return found
