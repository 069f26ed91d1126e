# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What an operator asks of a restore."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check, Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# How much of a restored copy is proven before it is used: each proves what the one before it does, and more.
PROOFS = ("target", "checks", "everything")


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
    prove: str = "everything"
    checks: list[Check] = field(default_factory=list)
    may_run_yet: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether a second call means the same data, so that finding it there is enough."""
        return self.run_id is not None or (not self.is_in_place and self.target.value is not None)

    @property
    def asks_checks(self) -> bool:
        """Whether the questions are put: never to a part of a tree, for they are about all of it."""
        return bool(self.checks) and self.prove != "target" and not self.selection.paths

    @property
    def looks_through(self) -> bool:
        return self.prove == "everything"

    @property
    def looks_into(self) -> bool:
        """Whether more is to be proven than that the target was reached."""
        return self.looks_through or self.asks_checks
