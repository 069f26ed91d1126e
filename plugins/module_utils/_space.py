# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Room for what is about to be written: judged by what it holds, not by what it takes compressed."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import SpaceError

RESERVE = 1.1


def free_bytes(directory: Path) -> int:
    """What is free for us on the disk that a directory is, or would be, on."""
    while not directory.exists():
        directory = directory.parent
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize


def needed_bytes(content_bytes: int) -> int:
    return int(content_bytes * RESERVE)


def require_space(directory: Path, content_bytes: int, what: str, *, or_else: str = "choose another directory") -> int:
    """The free bytes, when they suffice for the content and a reserve."""
    free, needed = free_bytes(directory), needed_bytes(content_bytes)
    if free < needed:
        raise SpaceError(
            what,
            cause=f"{needed} bytes are needed in {directory}, {free} are free",
            next_action=f"Free {needed - free} bytes there, or {or_else}",
            evidence={"free_bytes": free, "needed_bytes": needed},
        )
    return free
