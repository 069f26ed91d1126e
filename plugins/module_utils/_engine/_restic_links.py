# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Letting restic write a snapshot without following a link in it.

Who has the key of a repository can store a link and an empty file of one name: restic 0.14 makes the link, and then
opens the file by that name, so it empties what the link leads to, wherever that is, and gives it another mode.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

SHOWN = 20
# Before there is a name space of mounts: what was reached by a descriptor is the working directory, by no name.
THERE = 'cd "$1" || exit 125; shift; exec "$@"'
# Older programs take the option for one of the file system and ignore it, so it is looked whether it is in force.
MOUNTED = (
    'mount --no-canonicalize --bind . "$1" && mount -o remount,bind,nosymfollow "$1"'
    ' && grep -F " $1 " /proc/self/mountinfo | grep -q "[ ,]nosymfollow[ ,]" || exit 125; shift; exec "$@"'
)


@contextmanager
def following_no_links(tool: Restic, what: str, snapshot: str, target: Path) -> Iterator[tuple[Restic, Path]]:
    """A restic, and where it finds the target. Where a mount cannot be had, the snapshot has to have each name once."""
    with tempfile.TemporaryDirectory(prefix="recovery-restore-") as place:
        prefix = prefix_of(target, place)
        if os.geteuid() == 0 and run_tool([*prefix, "true"], deadline=tool.deadline).rc == 0:
            yield replace(tool, prefix=(*prefix, *tool.prefix)), Path(place)
            return
    require_single_names(tool, what, snapshot)
    yield tool, target


def prefix_of(target: Path, place: str) -> tuple[str, ...]:
    """Words before a program that let it see a directory at another place as well, where no link leads anywhere."""
    apart = ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", MOUNTED, "sh", place)
    return ("sh", "-c", THERE, "sh", str(target), *apart)


def require_single_names(tool: Restic, what: str, snapshot: str) -> None:
    """Only an entry that has another's name can be written through a link; a name may hold newlines, but no slash."""
    listed = tool.require(what, "ls", "--quiet", "--no-lock", snapshot)
    names = Counter(line for line in listed.stdout.split("\n") if line.startswith("/"))
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        raise IntegrityError(
            what,
            cause=f"it holds more than one entry of the name {', '.join(map(repr, twice[:SHOWN]))}",
            next_action="Use another backup, and find out who has the key of the repository",
        )
