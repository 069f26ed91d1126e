# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What is proven of a restored copy before it is used, beyond that it got to its target; and what is not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine, Look, RestorePlan
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import named
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_request import RestoreRequest


@dataclass(frozen=True)
class CopyProof:
    """``structure`` and ``pages`` say what was found; None where nobody looked or the kind of data has none."""

    level: str
    structure: str | None = None
    pages: str | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def prove_copy(
    engine: Engine, plan: RestorePlan, directory: Path, request: RestoreRequest, *, may_write: bool
) -> CopyProof:
    """Question a copy that is held at its target and look through it, as far as was asked; anything wrong is an error.

    ``may_write`` says that the copy is not what goes live, so that looking through it may leave traces in it.
    """
    found: dict[str, Any] = {"checks": []}
    if request.looks_into:
        look = Look(request.checks if request.asks_checks else [], request.looks_through)
        found = engine.look_into(plan, directory, look, port=request.port, may_write=may_write)
    require_right(found["checks"], f"prove the copy in {named(directory)}")
    left_out = [*not_asked(request), *not_seen(request, found)]
    return CopyProof(request.prove, found.get("structure"), found.get("pages"), found["checks"], left_out)


def notes_of(proof: dict[str, Any] | None) -> list[str]:
    """What an operator has to know of a proof: what it leaves open."""
    return [f"Not proven: {each}" for each in (proof or {}).get("not_proven", [])]


def require_right(answers: list[dict[str, Any]], what: str) -> None:
    """Raise for every answer that is not the expected one."""
    wrong = [each for each in answers if not each["passed"]]
    if wrong:
        raise IntegrityError(
            what,
            cause="; ".join(f"{each['name']}: {each['observed']}, not {each['expected']}" for each in wrong),
            next_action="Look into the copy that was set apart: either the check or the backup or the target is wrong",
            evidence={"checks": answers},
        )


def not_asked(request: RestoreRequest) -> list[str]:
    """Why no question was put."""
    if request.asks_checks:
        return []
    if not request.checks:
        return ["that it gives the right answers, for no checks were given"]
    if request.prove == "target":
        return ["that it gives the right answers, for prove is target"]
    return ["that it gives the right answers, for only some of its paths were restored"]


def not_seen(request: RestoreRequest, found: dict[str, Any]) -> list[str]:
    """What nobody looked at, or could not."""
    if not request.looks_through and not found.get("structure"):
        return [f"that all of it is sound, for prove is {request.prove}"]
    pages = str(found.get("pages") or "")
    return [f"that its pages are sound, which is {pages}"] if pages.startswith("not possible") else []
