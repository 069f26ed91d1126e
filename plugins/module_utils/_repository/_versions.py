# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a store was at a moment that has passed, out of the versions that it keeps of everything; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile


@dataclass(frozen=True)
class StoredVersion:
    """One version of an object, by its name below the repository's path, or the mark that it was removed."""

    name: str
    id: str
    at: datetime
    is_removal: bool = False
    # What tells the content of two versions apart.
    content: str = ""


@dataclass(frozen=True)
class Lost:
    """An object that is not any more what it was: the version that is wanted, and the marks of removal above it."""

    wanted: StoredVersion
    # Empty where it was written over: then the older version is put on top.
    marks: list[StoredVersion] = field(default_factory=list)


def lost_since(versions: Iterable[StoredVersion], at: datetime, mended: Iterable[StoredVersion] = ()) -> list[Lost]:
    """What was there at a moment and is removed or written over now; the versions of a name are given newest first.

    What came after that moment stays. ``mended`` are versions that were put on top already: a store may tell the
    content of a large one in other words then.
    """
    by_name: dict[str, list[StoredVersion]] = {}
    for version in versions:
        by_name.setdefault(version.name, []).append(version)
    done = set(mended)
    found = []
    for history in by_name.values():
        ordered = sorted(history, key=lambda each: each.at, reverse=True)
        newer = list(takewhile(lambda each: each.at > at, ordered))
        wanted = next(iter(ordered[len(newer) :]), None)
        if not newer or wanted is None or wanted.is_removal or wanted in done:
            continue
        if all(each.is_removal for each in newer):
            found.append(Lost(wanted, newer))
        elif newer[0].is_removal or newer[0].content != wanted.content:
            found.append(Lost(wanted))
    return found
