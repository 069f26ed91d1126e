# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a protection group is backed up as its policy wants: 3-2-1-1-0, by evidence; unproven counts as failed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._backup_evidence import (
    Holding,
    gaps_of,
    holding_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written


@dataclass(frozen=True)
class Rule:
    """What is wanted of every stanza."""

    copies: int
    media: int
    offsite: int
    immutable: int
    errors: int
    proven_level: str
    max_proven_age_seconds: int
    max_backup_age_seconds: int
    max_tape_age_seconds: int
    max_recovery_point_age_seconds: int | None
    max_catalogue_age_seconds: int
    gaps: bool

    def of(self, holding: Holding) -> Rule:
        """What is wanted of one holding: a tape is written seldom, and to be read back is as far as it is proven."""
        if not holding.is_tape:
            return self
        age = self.max_tape_age_seconds
        return replace(self, proven_level="checked", max_proven_age_seconds=age, max_backup_age_seconds=age)


@dataclass
class Verdict:
    """What was counted for one stanza, and what is wrong with it."""

    copies: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    offsite: list[str] = field(default_factory=list)
    immutable: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    recovery_point_age_seconds: float | None = None
    gaps: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class BackupPolicy(Check):
    """Judges what backup_info returned for each repository; asks nobody itself."""

    NAME = "backup_policy"
    OPTIONS: dict[str, Any] = {
        "catalogues": {"type": "list", "elements": "dict", "required": True},
        "stanzas": {"type": "list", "elements": "str", "required": True},
        "places": {"type": "dict", "default": {}},
        "site": {"type": "str"},
        "live_medium": {"type": "str", "default": "disk"},
        "copies": {"type": "int", "default": 3},
        "media": {"type": "int", "default": 2},
        "offsite": {"type": "int", "default": 1},
        "immutable": {"type": "int", "default": 1},
        "errors": {"type": "int", "default": 0},
        "proven_level": {"type": "str", "choices": ["checked", "restored", "verified"], "default": "restored"},
        "max_proven_age_seconds": {"type": "int", "default": 604800},
        "max_backup_age_seconds": {"type": "int", "default": 172800},
        "max_tape_age_seconds": {"type": "int", "default": 2678400},
        "max_recovery_point_age_seconds": {"type": "int"},
        "max_catalogue_age_seconds": {"type": "int", "default": 3600},
        "gaps": {"type": "bool", "default": False},
        "inconsistent": {"type": "list", "elements": "str", "default": []},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._stanzas: list[str] = options["stanzas"]
        self._site = options["site"] or surroundings.site
        self._inconsistent: list[str] = options["inconsistent"]
        self._live_medium = str(options["live_medium"])
        self._catalogues = options["catalogues"]
        self._places = {str(name): value for name, value in options["places"].items()}
        self._rule = Rule(**{name: options[name] for name in Rule.__dataclass_fields__})
        if not self._stanzas:
            raise InputError(
                "read the options of backup_policy",
                cause="no stanza is named, and nothing is no proof",
                next_action="Name at least one stanza",
            )

    def observe(self, deadline: Deadline) -> Observation:
        at = now()
        holdings = [self._declared(holding_of(catalogue)) for catalogue in self._catalogues]
        verdicts = {stanza: self._judge(stanza, holdings, at) for stanza in self._stanzas}
        wrong = [f"{stanza}: {fault}" for stanza, verdict in verdicts.items() for fault in verdict.wrong]
        kept = ", ".join(f"{stanza} has {len(verdict.copies)} copies" for stanza, verdict in verdicts.items())
        evidence = {"judged_at": written(at), "stanzas": {name: vars(each) for name, each in verdicts.items()}}
        return Observation(not wrong, "; ".join(wrong) or kept, self._expected(), evidence)

    def _expected(self) -> str:
        rule = self._rule
        return (
            f"each of {', '.join(self._stanzas)} in {rule.copies} copies on {rule.media} media, "
            f"{rule.offsite} off site, {rule.immutable} immutable, at most {rule.errors} errors, "
            f"{rule.proven_level} within {rule.max_proven_age_seconds} s"
        )

    def _declared(self, holding: Holding) -> Holding:
        """With what its place was seen to be by somebody else than backup_info."""
        place = self._place(holding)
        medium = str(place.get("medium") or holding.medium)
        declared = place.get("immutable") is True
        return replace(holding, medium=medium, immutable=declared if holding.immutable is None else holding.immutable)

    def _place(self, holding: Holding) -> dict[str, Any]:
        declared = self._places.get(holding.repository)
        return declared if isinstance(declared, dict) else {}

    def _judge(self, stanza: str, holdings: list[Holding], at: datetime) -> Verdict:
        ours = [each for each in holdings if each.stanza == stanza or (each.problem and not each.stanza)]
        # Not every stanza goes onto every tape.
        ours = [each for each in ours if each.backups or each.problem or not each.is_tape]
        good = [each for each in ours if not self._why_no_copy(each, at)]
        distinct = list({each.place: each for each in good}.values())
        points = [point for each in good if (point := each.newest_point) is not None]
        verdict = Verdict(
            copies=["live", *(each.repository for each in distinct)],
            media=sorted({self._live_medium, *(each.medium for each in distinct if each.medium)}),
            offsite=[each.repository for each in distinct if self._is_offsite(each)],
            immutable=[each.repository for each in distinct if each.immutable],
            errors=[fault for each in ours for fault in self._errors(each, at)],
            recovery_point_age_seconds=round((at - max(points)).total_seconds(), 3) if points else None,
            gaps=[gap for each in ours if not each.problem for gap in gaps_of(each)],
        )
        verdict.wrong = [*self._too_few(verdict), *self._too_old(verdict)]
        return verdict

    def _is_offsite(self, holding: Holding) -> bool:
        """Somewhere else than the live data; a place that nobody knows is not, nor when nobody knows where that is."""
        place = self._place(holding)
        is_elsewhere = bool(self._site) and place.get("site") not in (None, "", self._site)
        return place.get("offsite") is True or is_elsewhere

    def _why_no_copy(self, holding: Holding, at: datetime) -> str:
        """Why a holding is no copy; empty when it is one."""
        if holding.problem or holding.read_at is None:
            return holding.problem or "it is not known when it was read"
        rule = self._rule.of(holding)
        if at - holding.read_at > timedelta(seconds=rule.max_catalogue_age_seconds):
            return f"it was read {(at - holding.read_at).total_seconds():.0f} s ago"
        newest = holding.usable[-1:]
        if not newest:
            return "it holds no usable backup"
        age = (at - newest[0].stopped_at).total_seconds()
        if age > rule.max_backup_age_seconds:
            return f"its newest usable backup is {age:.0f} s old"
        return ""

    def _errors(self, holding: Holding, at: datetime) -> list[str]:
        """Damaged backups, and every repository of which nothing is proven."""
        name = holding.repository or "a repository"
        problem = self._why_no_copy(holding, at)
        if problem:
            return [f"{name} is no copy: {problem}"]
        rule = self._rule.of(holding)
        since = at - timedelta(seconds=rule.max_proven_age_seconds)
        found = [f"{name}: {each.id}: {'; '.join(each.errors)}" for each in holding.backups if each.errors]
        newest = holding.usable[-1]
        if not (newest.is_consistent or holding.is_tape or holding.stanza in self._inconsistent):
            found.append(f"{name}: the source changed while {newest.id}, the newest, was read")
        if not any(each.is_proven(rule.proven_level, since) for each in holding.backups):
            found.append(f"{name}: no backup was {rule.proven_level} within {rule.max_proven_age_seconds} s")
        return found

    def _too_few(self, verdict: Verdict) -> list[str]:
        rule = self._rule
        counted = {
            "copies": (verdict.copies, rule.copies),
            "media": (verdict.media, rule.media),
            "off site": (verdict.offsite, rule.offsite),
            "immutable": (verdict.immutable, rule.immutable),
        }
        return [
            f"{what} {len(found)} of {wanted} ({', '.join(found) or 'none'})"
            for what, (found, wanted) in counted.items()
            if len(found) < wanted
        ]

    def _too_old(self, verdict: Verdict) -> list[str]:
        rule, wrong = self._rule, []
        if len(verdict.errors) > rule.errors:
            wrong.append(f"errors {len(verdict.errors)} of at most {rule.errors} ({'; '.join(verdict.errors)})")
        most, age = rule.max_recovery_point_age_seconds, verdict.recovery_point_age_seconds
        if most is not None and (age is None or age > most):
            wrong.append(
                f"the newest recovery point is {'not known' if age is None else f'{age:.0f} s old'} of {most} s"
            )
        if verdict.gaps and not rule.gaps:
            said = [f"{gap['repository']} from {gap['from_at']} to {gap['until_at']}" for gap in verdict.gaps]
            wrong.append(f"the log has gaps: {', '.join(said)}")
        return wrong
