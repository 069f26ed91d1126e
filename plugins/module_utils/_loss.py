# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What promoting a standby now would lose: bytes, transactions and seconds, against the objective; pure.

Unknown counts as over. Two bases are known: the primary itself, observed live, and in an emergency the last
observation that the witness made of it before it fell silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import (
    utc_moment,
    utc_now,
    utc_text,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import bytes_behind

LIVE = "live"
OBSERVER = "observer"
NONE = "none"

# The observer looks once a second; what happened after its last look is not known better than this.
OBSERVER_INTERVAL_SECONDS = 1.0
# A standby that replayed something this much later than the observer's last look has outlived the observer.
OBSERVER_STALE_SECONDS = 3.0


@dataclass
class LossEstimate:
    """``over`` says why the loss is too much or not known; ``candidate`` whether the target may be promoted at all."""

    basis: str
    bytes: int | None = None
    transactions: int | None = None
    seconds: float | None = None
    uncertainty_seconds: float = 0.0
    candidate: bool = True
    over: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        known = self.bytes is not None and self.seconds is not None
        return {
            "known": known,
            "bytes": self.bytes,
            "transactions": self.transactions,
            "seconds": self.seconds,
            "uncertainty_seconds": self.uncertainty_seconds,
            "basis": self.basis,
            "candidate": self.candidate,
            "over": self.over,
            "within_objective": known and not self.over,
            "checked_at": utc_text(utc_now()),
        }


def estimate_loss(
    target: dict[str, Any] | None, source: dict[str, Any] | None, objectives: dict[str, Any] | None
) -> dict[str, Any]:
    """The estimate for promoting ``target``; ``source`` is a live description or the observer's entry, or nothing."""
    estimate = LossEstimate(basis=basis_of(source))
    target = target or {}
    judge_candidate(estimate, target, source or {})
    if not source:
        estimate.over.append("nothing is known of the primary: neither itself nor the observer answered")
    elif not target.get("received_lsn"):
        estimate.over.append("the target does not say what it has received")
    else:
        measure(estimate, target, source)
    judge_objectives(estimate, objectives or {})
    return estimate.as_dict()


def basis_of(source: dict[str, Any] | None) -> str:
    if not source:
        return NONE
    return LIVE if "state" in source else OBSERVER


def judge_candidate(estimate: LossEstimate, target: dict[str, Any], source: dict[str, Any]) -> None:
    """Another system, another timeline, a paused or broken replay: such a target is refused, not merely late."""
    reasons = []
    if target.get("state") != "standby":
        reasons.append(f"the target is {target.get('state') or 'unknown'}, not a standby")
    for key, name in (("system_identifier", "system identifier"), ("timeline", "timeline")):
        theirs, ours = source.get(key), target.get(key)
        if source and str(theirs) != str(ours):
            reasons.append(f"the {name} of the target is {ours}, of the primary {theirs}")
    if target.get("replay_paused"):
        reasons.append("the replay of the target is paused")
    if estimate.basis == LIVE and source.get("state") != "primary":
        reasons.append(f"the source is {source.get('state')}, not a primary")
    if estimate.basis == LIVE and (target.get("receiver") or {}).get("status") != "streaming":
        reasons.append("the target does not stream from the primary")
    estimate.candidate = not reasons
    estimate.over.extend(reasons)


def measure(estimate: LossEstimate, target: dict[str, Any], source: dict[str, Any]) -> None:
    """What the primary had and the target has not."""
    if not source.get("lsn"):
        estimate.over.append("the position of the primary is not known")
        return
    estimate.bytes = bytes_behind(source["lsn"], target["received_lsn"])
    estimate.transactions = transactions_behind(target, source)
    observed_at = moment(source.get("observed_at"))
    replayed_at = moment(target.get("replayed_at"))
    if estimate.basis == OBSERVER:
        estimate.uncertainty_seconds = float(source.get("interval_seconds") or OBSERVER_INTERVAL_SECONDS)
        if observed_at is None:
            estimate.over.append("the observer does not say when it looked last")
            return
        if replayed_at and (replayed_at - observed_at).total_seconds() > OBSERVER_STALE_SECONDS:
            estimate.over.append("the observer fell silent before the primary did")
            return
    if estimate.bytes == 0:
        estimate.seconds = 0.0
    elif observed_at and replayed_at:
        estimate.seconds = round(max(0.0, (observed_at - replayed_at).total_seconds()), 3)
    else:
        estimate.over.append("the age of what the target replayed last is not known")


def transactions_behind(target: dict[str, Any], source: dict[str, Any]) -> int | None:
    """An upper bound: how many transaction numbers the primary gave out that the target has not seen."""
    theirs, ours = source.get("next_transaction"), target.get("next_transaction")
    return None if theirs is None or ours is None else max(0, int(theirs) - int(ours))


def judge_objectives(estimate: LossEstimate, objectives: dict[str, Any]) -> None:
    """A missing objective is as good as a missed one: nobody said what may be lost."""
    seconds = None if estimate.seconds is None else estimate.seconds + estimate.uncertainty_seconds
    for key, lost, unit in (("rpo_seconds", seconds, "seconds"), ("rpo_bytes", estimate.bytes, "bytes")):
        allowed = objectives.get(key)
        if allowed is None:
            if key == "rpo_seconds":
                estimate.over.append("the objective rpo_seconds is missing")
        elif lost is not None and lost > float(allowed):
            estimate.over.append(f"{lost:g} {unit} would be lost, the objective allows {float(allowed):g}")


def moment(value: Any) -> datetime | None:
    """A UTC text or seconds since the epoch."""
    if value in (None, ""):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return utc_moment(str(value))
