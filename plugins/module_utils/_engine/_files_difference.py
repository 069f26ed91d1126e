# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What putting one tree in the place of another adds, changes and removes."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_comparison import differences
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Entry
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk


@dataclass
class Difference:
    """Paths as they are named on the host, sorted."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        return not (self.added or self.changed or self.removed)

    def __add__(self, other: Difference) -> Difference:
        return Difference(
            sorted(self.added + other.added),
            sorted(self.changed + other.changed),
            sorted(self.removed + other.removed),
        )


def difference(live: str, staged: Path) -> Difference:
    """The live tree against the one that is to take its place, down to every byte."""
    if not os.path.lexists(live):
        return Difference(added=sorted(Walk(tree=str(staged)).manifest([live]).entries))
    before = Walk(is_one_file_system=False).manifest([live])
    after = Walk(is_one_file_system=False, tree=str(staged)).manifest([live])
    return Difference(
        sorted(after.entries.keys() - before.entries.keys()),
        sorted(
            path
            for path in before.entries.keys() & after.entries.keys()
            if is_changed(path, before.entries[path], after.entries[path], staged)
        ),
        sorted((before.entries.keys() | before.unreadable.keys()) - after.entries.keys()),
    )


def is_changed(path: str, before: Entry, after: Entry, staged: Path) -> bool:
    if differences(before, after):
        return True
    return after.type == "file" and not filecmp.cmp(path, f"{staged}{path}", shallow=False)
