# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small disks and mount points of a test, gone again at its end; what lies in a directory, and what has no room."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def with_disk(point: Path, *, megabytes: int, owner: str) -> Iterator[Path]:
    """A file system of its own, so small."""
    is_made = not point.exists()
    point.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(point)], check=True)
    try:
        shutil.chown(point, owner, owner)
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)
        if is_made:
            point.rmdir()


@contextmanager
def bound(source: Path, point: Path) -> Iterator[Path]:
    """One directory under another name as well: a mount point on the same file system."""
    subprocess.run(["mount", "--bind", str(source), str(point)], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)


def contents(directory: Path) -> dict[str, str]:
    """Every name below a directory, with a digest of what a file holds."""
    found = {}
    for path in sorted(directory.rglob("*")):
        is_file = path.is_file() and not path.is_symlink()
        found[str(path.relative_to(directory))] = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else ""
    return found


def bytes_in(directory: Path) -> int:
    """What it takes on a disk."""
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))


def require_short_of_space(error: dict[str, Any]) -> None:
    needed, free = error["recovery"]["needed_bytes"], error["recovery"]["free_bytes"]
    assert needed > free and f"{needed} bytes are needed" in error["msg"] and f"{free} are free" in error["msg"]
    assert error["data_state"] == "untouched"
