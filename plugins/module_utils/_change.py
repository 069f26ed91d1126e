# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The difference between two descriptions of the same thing; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Description = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What a thing was and what it is (or, in check mode, would be)."""

    before: Description
    after: Description

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def diff(self) -> dict[str, Description]:
        """Ansible's diff: only the keys that differ, so that a reader sees the change and nothing else."""
        keys = sorted({*self.before, *self.after})
        differing = [key for key in keys if self.before.get(key) != self.after.get(key)]
        return {
            "before": {key: self.before[key] for key in differing if key in self.before},
            "after": {key: self.after[key] for key in differing if key in self.after},
        }
