# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What an operator asks of a restore."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Check,
    Engine,
    Finding,
    Reached,
    RestorePlan,
    Selection,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# How much of a restored copy is proven before it is used: each proves what the one before it does, and more.
PROOFS = ("target", "checks", "everything")
# A tree can lose something at each of its paths; the journal says so of the first ones.
MOST_NOTES = 20


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


class Asked(Protocol):
    """A subject that restores what somebody asked for."""

    engine: Engine
    request: RestoreRequest
    restore_plan: RestorePlan | None
    reached: Reached | None
    preflight: list[Finding]


def told(asked: Asked, *notes: str) -> dict[str, Any]:
    """What the journal keeps of every restore; ``backup`` is None when an earlier call restored it already."""
    said = [*asked.engine.restore_notes, *notes]
    more = [f"{len(said) - MOST_NOTES} more notes stand in the result"] if len(said) > MOST_NOTES else []
    return {
        "stanza": asked.engine.stanza,
        "repository": asked.engine.repository.name,
        "backup": None if asked.restore_plan is None else asked.restore_plan.record.id,
        "target": asked.request.target.as_result(),
        "reached": None if asked.reached is None else asked.reached.as_result(),
        "preflight": [each.as_result() for each in asked.preflight],
        "notes": said[:MOST_NOTES] + more,
    }
