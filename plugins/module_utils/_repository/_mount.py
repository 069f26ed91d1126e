# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a directory lies on, as the kernel tells it."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """One mounted file system."""

    point: str
    kind: str
    source: str
    is_read_only: bool

    def as_result(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.source} ({self.kind}) at {self.point}"


def mount_of(path: str) -> Mount:
    """The file system that a path lies on, also when the path itself is not there.

    The path is taken as it is written: to look behind a symbolic link could wait for a server that is gone.
    """
    return holding(parse_mounts(MOUNTS.read_text()), os.path.normpath(path))


def mount_points_in(directory: Path) -> list[str]:
    """Where something is mounted at or below a directory; bind mounts count as well, which no device number tells."""
    points = {mount.point for mount in parse_mounts(MOUNTS.read_text())}
    return sorted(point for point in points if Path(point).is_relative_to(os.path.normpath(directory)))


def holding(mounts: list[Mount], path: str) -> Mount:
    """The last one mounted at the deepest point above a path: it covers whatever else is there."""
    above = [mount for mount in mounts if f"{path}/".startswith(f"{mount.point.rstrip('/')}/")]
    deepest = max(len(mount.point) for mount in above)
    return [mount for mount in above if len(mount.point) == deepest][-1]


def parse_mounts(text: str) -> list[Mount]:
    """The kernel's table, whose lines carry a varying number of fields before the dash."""
    mounts = []
    for line in text.splitlines():
        before, _dash, after = line.partition(" - ")
        fields, (kind, source, super_options) = before.split(" "), after.split(" ")[:3]
        is_read_only = "ro" in fields[5].split(",") or "ro" in super_options.split(",")
        mounts.append(Mount(_unescaped(fields[4]), kind, _unescaped(source), is_read_only))
    return mounts


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)
