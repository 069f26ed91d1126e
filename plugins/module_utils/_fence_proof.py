# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A fence proof: the evidence that a site cannot write, who may rely on it, and until when; pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import FenceError

# What a level says; the higher, the less has to be believed.
LEVEL_ASSUMED = 0
LEVEL_PATHS_CUT = 1
LEVEL_SERVICE_DOWN = 2
LEVEL_POWER_OFF = 3


def utc_now() -> datetime:
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-01-31T12:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_moment(text: str) -> datetime:
    """The moment that ``utc_text`` wrote; a text without zone is refused."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


@dataclass(frozen=True)
class FenceProof:
    """Times are UTC texts, so that the proof travels through variables, journal and report unchanged."""

    site: str
    level: int
    method: str
    observed_at: str
    expires_at: str
    run_id: str
    group: str
    system_identifier: str
    timeline: int | None = None
    checked: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_rehearsed(self) -> bool:
        """Made in check mode: nothing was cut."""
        return self.checked and self.level == LEVEL_ASSUMED


@dataclass(frozen=True)
class Occasion:
    """For what a proof is made and asked: this run, of this group, about this database."""

    site: str
    run_id: str
    group: str
    system_identifier: str
    timeline: int | None = None
    valid_seconds: float = 120.0

    def proof(self, *, level: int, method: str, evidence: dict[str, Any], checked: bool = False) -> FenceProof:
        """A proof observed now."""
        now = utc_now()
        return FenceProof(
            site=self.site,
            level=level,
            method=method,
            observed_at=utc_text(now),
            expires_at=utc_text(now + timedelta(seconds=self.valid_seconds)),
            run_id=self.run_id,
            group=self.group,
            system_identifier=self.system_identifier,
            timeline=self.timeline,
            checked=checked,
            evidence=evidence,
        )


def read_proof(given: dict[str, Any]) -> FenceProof:
    """The proof from a task's variable; a missing or unreadable field is a FenceError."""
    try:
        proof = FenceProof(
            site=str(given["site"]),
            level=int(given["level"]),
            method=str(given["method"]),
            observed_at=str(given["observed_at"]),
            expires_at=str(given["expires_at"]),
            run_id=str(given["run_id"]),
            group=str(given["group"]),
            system_identifier=str(given["system_identifier"]),
            timeline=None if given.get("timeline") in (None, "") else int(given["timeline"]),
            checked=bool(given.get("checked", False)),
            evidence=dict(given.get("evidence") or {}),
        )
        utc_moment(proof.observed_at), utc_moment(proof.expires_at)
    except (KeyError, ValueError, TypeError) as error:
        raise FenceError(
            "read the fence proof",
            cause=f"a field is missing or not understood: {error}",
            next_action="Pass the fence_proof that the fence or the switchover of this run returned",
        ) from error
    return proof


def objections(proof: FenceProof, *, run_id: str, group: str, system_identifier: str, now: datetime) -> list[str]:
    """Why this proof must not be relied on; an empty list means that it holds."""
    found = []
    if proof.run_id != run_id:
        found.append(f"it is of the run {proof.run_id}, this is the run {run_id}")
    if proof.group != group:
        found.append(f"it is of the protection group {proof.group}, this is {group}")
    if proof.system_identifier != system_identifier:
        found.append(f"it is about the system {proof.system_identifier}, this is {system_identifier}")
    if utc_moment(proof.observed_at) > now + timedelta(seconds=60):
        found.append(f"it was observed in the future, at {proof.observed_at}")
    if utc_moment(proof.expires_at) <= now:
        found.append(f"it expired at {proof.expires_at}")
    if proof.level <= LEVEL_ASSUMED and not proof.is_rehearsed:
        found.append("it is an assumption (level 0), nothing was cut")
    return found


def require_proof(given: dict[str, Any] | None, *, run_id: str, group: str, system_identifier: str) -> FenceProof:
    """The proof, if it holds now; otherwise a FenceError with every objection."""
    if not given:
        raise FenceError(
            "promote",
            cause="no fence proof was given, so the other side may still be writing",
            next_action="Fence the other side in this run, or give accept_split_brain with a reason",
        )
    proof = read_proof(given)
    found = objections(proof, run_id=run_id, group=group, system_identifier=system_identifier, now=utc_now())
    if found:
        raise FenceError(
            "promote",
            cause=f"the fence proof of {proof.site} does not hold: {'; '.join(found)}",
            next_action="Fence the other side again in this run, or give accept_split_brain with a reason",
            evidence={"fence_proof": proof.as_dict(), "objections": found},
        )
    return proof


def join_proofs(proofs: list[dict[str, Any]]) -> dict[str, Any]:
    """One proof of the paths from several places: level 1 when at least two different places saw it refused."""
    read = [read_proof(proof) for proof in proofs]
    if not read:
        raise FenceError("join fence proofs", cause="none was given", next_action="Fence at two places at least")
    first = read[0]
    for proof in read[1:]:
        same = ("site", "run_id", "group", "system_identifier", "method")
        if any(getattr(proof, key) != getattr(first, key) for key in same):
            raise FenceError(
                "join fence proofs",
                cause=f"they are not of one site, run, group, system and method: {proof.as_dict()}",
                next_action="Join only the proofs that one task returned",
            )
    places = sorted({str(proof.evidence["place"]) for proof in read if proof.evidence.get("fenced")})
    is_proven = len(places) >= 2 and all(proof.evidence.get("fenced") for proof in read)
    return replace(
        first,
        level=LEVEL_PATHS_CUT if is_proven else LEVEL_ASSUMED,
        observed_at=min(proof.observed_at for proof in read),
        expires_at=min(proof.expires_at for proof in read),
        checked=all(proof.checked for proof in read),
        evidence={"places": places, "observed": [proof.evidence for proof in read]},
    ).as_dict()
