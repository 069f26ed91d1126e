# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Folding a journal's lines into what the run was: its steps, its facts, its failures, its end; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.evidence import (
    take_notes,
    take_restore,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import Line, as_epoch

FAILED = ("failed", "unreachable")
# Facts that several hosts may add to: nothing that one of them said is lost.
_GATHERED = ("recovery_incidents", "recovery_fence_proofs", "recovery_not_undone")


@dataclass
class Step:
    """One role of the plan in one play (or a play without roles), from its first line to its last."""

    name: str
    play: str | None
    entry: str | None
    begun_at: float
    ended_at: float
    results: dict[str, int] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    tasks: int = 0
    error: dict[str, Any] | None = None
    is_undone: bool = False

    @property
    def is_undo(self) -> bool:
        return self.entry == "undo"

    @property
    def outcome(self) -> str:
        """failed, changed, ok, skipped; begun when nothing came back."""
        for outcome in (*FAILED, "changed", "ok", "skipped"):
            if self.results.get(outcome):
                return "failed" if outcome in FAILED else outcome
        return "begun"

    def take(self, line: Line) -> None:
        self.ended_at = max(self.ended_at, as_epoch(line["at"]))
        if line["event"] == "task":
            self.tasks += 1
        if line["event"] != "result":
            return
        self.hosts.add(str(line.get("host")))
        outcome = str(line.get("outcome"))
        if line.get("ignored"):
            outcome = "skipped"
        self.results[outcome] = self.results.get(outcome, 0) + 1
        if outcome in FAILED and self.error is None:
            self.error = {"host": line.get("host"), "task": line.get("task"), **(line.get("error") or {})}


@dataclass
class Run:
    """What a journal says about its run."""

    run_id: str
    plan: str
    is_check: bool
    begun_at: float
    last_at: float
    end: str | None
    controller: dict[str, Any]
    facts: dict[str, Any]
    steps: list[Step]
    failures: list[dict[str, Any]]
    moved_at: float | None
    unreadable: int
    proofs: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Any] = field(default_factory=list)
    restores: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def declared(self) -> dict[str, Any]:
        """What the plan said about itself in its first fact."""
        declared = self.facts.get("recovery_run")
        return declared if isinstance(declared, dict) else {}

    @property
    def status(self) -> str:
        """What the plan said; else what its lines allow to say. Success is never guessed from silence."""
        said = self.facts.get("recovery_status")
        if said:
            return str(said)
        if self.facts.get("recovery_not_undone"):
            return "parked"
        if any(step.is_undo for step in self.steps):
            return "undone"
        if self.end == "failed" or (self.end is None and self.failures):
            return "failed"
        return "succeeded" if self.end == "ok" else "running"


def fold(lines: list[Line], unreadable: int = 0) -> Run:
    """The run that these lines tell of; ValueError when they tell of none."""
    if not lines:
        raise ValueError("the journal has no readable line")
    first = lines[0]
    run = Run(
        run_id=str(first.get("run_id")),
        plan=str(first.get("plan")),
        is_check=any(line.get("check") for line in lines if line["event"] == "run"),
        begun_at=as_epoch(first["at"]),
        last_at=max(as_epoch(line["at"]) for line in lines),
        end=None,
        controller=first.get("controller") or {},
        facts={},
        steps=_fold_steps(lines),
        failures=[],
        moved_at=None,
        unreadable=unreadable,
    )
    for line in lines:
        _take_line(run, line)
    _mark_undone(run.steps)
    return run


def _take_line(run: Run, line: Line) -> None:
    if line["event"] == "run":
        run.end = None
    elif line["event"] == "end":
        run.end = str(line.get("outcome"))
    elif line.get("outcome") in FAILED and not line.get("ignored"):
        place = {key: line.get(key) for key in ("at", "play", "step", "task", "host")}
        run.failures.append({**place, **(line.get("error") or {})})
    _take_evidence(run, line.get("recovery"), line.get("host"))
    facts = line.get("facts")
    if isinstance(facts, dict):
        _take_facts(run, facts, as_epoch(line["at"]))


def _take_evidence(run: Run, evidence: Any, host: Any) -> None:
    """What was proven stands in the modules' own evidence, whether or not the plan came to repeat it."""
    for part in evidence if isinstance(evidence, list) else [evidence]:
        if not isinstance(part, dict):
            continue
        by_database = part.get("fence_proofs")
        for proof in by_database.values() if isinstance(by_database, dict) else [part.get("fence_proof", part)]:
            if isinstance(proof, dict) and {"site", "level", "method"} <= proof.keys():
                _take_proof(run, proof)
        if isinstance(part.get("checks"), list):
            run.checks = part["checks"]
        take_restore(run.restores, part, host)
        take_notes(run.notes, part)


def _take_proof(run: Run, proof: dict[str, Any]) -> None:
    """A proof is repeated by those that rely on it; it stands in the report once for each database."""
    same = ("site", "method", "level", "system_identifier")
    if not any(all(kept.get(key) == proof.get(key) for key in same) for kept in run.proofs):
        run.proofs.append(proof)


def _take_facts(run: Run, facts: dict[str, Any], at: float) -> None:
    for name, value in facts.items():
        kept = run.facts.get(name)
        if name in _GATHERED and isinstance(kept, list) and isinstance(value, list):
            run.facts[name] = kept + [item for item in value if item not in kept]
        else:
            run.facts[name] = value
    if facts.get("recovery_moved") and run.moved_at is None:
        run.moved_at = at


def _fold_steps(lines: list[Line]) -> list[Step]:
    """Roles in the order they came; a play that has no role is a step by its own name."""
    with_roles = {line.get("play") for line in lines if line.get("step")}
    steps: list[Step] = []
    for line in lines:
        if line["event"] not in ("task", "result"):
            continue
        play = line.get("play")
        if not line.get("step") and play in with_roles:
            continue
        key = (str(line.get("step") or play), play, line.get("entry"))
        step = _open_step(steps, key, line)
        step.take(line)
    return steps


def _open_step(steps: list[Step], key: tuple[str, Any, Any], line: Line) -> Step:
    """The step this line belongs to: the last one, or with late results of other hosts the last of that name."""
    recent = steps if line["event"] == "result" else steps[-1:]
    for step in reversed(recent):
        if (step.name, step.play, step.entry) == key:
            return step
    at = as_epoch(line["at"])
    steps.append(Step(*key, begun_at=at, ended_at=at))
    return steps[-1]


def _mark_undone(steps: list[Step]) -> None:
    undone = {step.name for step in steps if step.is_undo and step.outcome in ("ok", "changed")}
    for step in steps:
        step.is_undone = not step.is_undo and step.name in undone
