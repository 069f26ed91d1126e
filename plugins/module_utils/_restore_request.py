# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What an operator asks of a restore."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget


@dataclass(frozen=True)
class RestoreRequest:
    """What an operator asked for."""

    target: RecoveryTarget
    backup: str | None
    timeline: int | None
    confirm: str | None
    is_in_place: bool
    port: int | None
    listen: str
    keep_running: bool
    run_id: str | None
    selection: Selection = field(default_factory=Selection)

    @property
    def is_repeatable(self) -> bool:
        """Whether a second call means the same data, so that finding it there is enough."""
        return self.run_id is not None or (not self.is_in_place and self.target.value is not None)
