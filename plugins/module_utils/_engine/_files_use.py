# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Who writes below a directory at this moment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR


def writers_in(directory: Path) -> list[str]:
    """Processes that have something at or below it open for writing, as far as this user may see."""
    if not os.path.lexists(directory):
        return []
    wanted = os.path.realpath(directory)
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                if is_writing(process, descriptor, wanted):
                    found.append(f"{process} ({name_of(process)})")
                    break
    return found


def is_writing(process: str, descriptor: str, wanted: str) -> bool:
    try:
        target = os.readlink(f"/proc/{process}/fd/{descriptor}")
        if target != wanted and not target.startswith(f"{wanted}/"):
            return False
        with open(f"/proc/{process}/fdinfo/{descriptor}", encoding="utf-8") as file:
            flags = next(line.split()[1] for line in file if line.startswith("flags:"))
    except (OSError, StopIteration):
        return False
    return bool(int(flags, 8) & WRITING)


def name_of(process: str) -> str:
    with suppress(OSError), open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip()
    return "?"
