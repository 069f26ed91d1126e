# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a tree is made of, without its content: taken before a backup, compared with the source and with a copy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

NOTHING: dict[str, str] = {}
ENTRIES_AT_ONCE = 1_000


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

    def as_json(self) -> Sequence[Any]:
        """In the order of the fields, without the empty ones at the end."""
        # Nearly every entry is a plain one.
        if self[PLAIN_FIELDS:] == PLAIN_REST and self.allocated:
            return self[:PLAIN_FIELDS]
        row: list[Any] = list(self)
        while not row[-1]:
            row.pop()
        return row


PLAIN_FIELDS = Entry._fields.index("allocated") + 1
PLAIN_REST = tuple(Entry("file"))[PLAIN_FIELDS:]


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

    def as_text(self) -> Iterator[str]:
        """The entries in JSON, in pieces."""
        entries, begin = iter(self.entries.items()), "{"
        while some := {path: entry.as_json() for path, entry in islice(entries, ENTRIES_AT_ONCE)}:
            yield begin + json.dumps(some)[1:-1]
            begin = ", "
        yield "{}" if begin == "{" else "}"

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


def changes(before: dict[str, tuple[int, ...]], after: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """What became of the source while it was read: a word by path."""
    if before == after:
        return {}
    found = {path: "vanished" for path in before.keys() - after.keys()}
    found.update({path: "appeared" for path in after.keys() - before.keys()})
    found.update({path: "changed" for path in before.keys() & after.keys() if before[path] != after[path]})
    return dict(sorted(found.items()))
