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
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._server_evidence import (
    standing_of,
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
    immutable_days: int | None
    errors: int
    proven_level: str
    max_proven_age_seconds: int
    max_backup_age_seconds: int
    max_tape_age_seconds: int
    max_recovery_point_age_seconds: int | None
    shipping_seconds: int
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
    # The repositories with a lock that ends before their retention does.
    short_locks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    recovery_point_age_seconds: float | None = None
    # What its live server proves, or why it proves nothing.
    server: str = ""
    idle_since: str | None = None
    gaps: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def kept(self) -> str:
        idle = f" and is idle since {self.idle_since}: {self.server}" if self.idle_since else ""
        return f"has {len(self.copies)} copies{idle}"


class BackupPolicy(Check):
    """Judges what backup_info returned for each repository; asks nobody itself."""

    NAME = "backup_policy"
    OPTIONS: dict[str, Any] = {
        "catalogues": {"type": "list", "elements": "dict", "required": True},
        "servers": {"type": "dict", "default": {}},
        "stanzas": {"type": "list", "elements": "str", "required": True},
        "places": {"type": "dict", "default": {}},
        "without_key_id": {"type": "list", "elements": "str", "default": []},
        "site": {"type": "str"},
        "live_medium": {"type": "str", "default": "disk"},
        "copies": {"type": "int", "default": 3},
        "media": {"type": "int", "default": 2},
        "offsite": {"type": "int", "default": 1},
        "immutable": {"type": "int", "default": 1},
        "immutable_days": {"type": "int"},
        "errors": {"type": "int", "default": 0},
        "proven_level": {"type": "str", "choices": ["checked", "restored", "verified"], "default": "restored"},
        "max_proven_age_seconds": {"type": "int", "default": 604800},
        "max_backup_age_seconds": {"type": "int", "default": 172800},
        "max_tape_age_seconds": {"type": "int", "default": 2678400},
        "objectives": {"type": "dict", "default": {}},
        "shipping_seconds": {"type": "int", "default": 120},
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
        self._servers: dict[str, Any] = options["servers"]
        self._without_key_id: list[str] = options["without_key_id"]
        self._places = {str(name): value for name, value in options["places"].items()}
        self._objectives = {str(stanza): _seconds(stanza, value) for stanza, value in options["objectives"].items()}
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
        kept = ", ".join(f"{stanza} {verdict.kept}" for stanza, verdict in verdicts.items())
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
        retention = place.get("retention")
        kept = retention.get("keep_days") if isinstance(retention, dict) else None
        return replace(
            holding,
            medium=medium,
            immutable=declared if holding.immutable is None else holding.immutable,
            # Who declares a place immutable of which nothing can be asked says nothing about days.
            lock_days=None if holding.immutable is None else holding.lock_days or 0,
            keep_days=kept if holding.keep_days is None else holding.keep_days,
        )

    def _place(self, holding: Holding) -> dict[str, Any]:
        declared = self._places.get(holding.repository)
        return declared if isinstance(declared, dict) else {}

    def _judge(self, stanza: str, holdings: list[Holding], at: datetime) -> Verdict:
        ours = [each for each in holdings if each.stanza == stanza or (each.problem and not each.stanza)]
        # Not every stanza goes onto every tape.
        ours = [each for each in ours if each.backups or each.problem or not each.is_tape]
        good = [each for each in ours if not self._why_no_copy(each, at)]
        distinct = list({each.place: each for each in good}.values())
        ages = [age for each in good if (age := each.recovery_point_age_seconds) is not None]
        server = standing_of(stanza, self._servers, lambda each: self._why_no_copy(each, at))
        verdict = Verdict(
            copies=["live", *(each.repository for each in distinct)],
            media=sorted({self._live_medium, *(each.medium for each in distinct if each.medium)}),
            offsite=[each.repository for each in distinct if self._is_offsite(each)],
            immutable=[each.repository for each in distinct if each.immutable and not self._short_lock(each)],
            short_locks=[told for each in distinct if (told := self._short_lock(each))],
            errors=[fault for each in ours for fault in self._errors(each, at)],
            recovery_point_age_seconds=_least(*ages, server.age_seconds),
            server=server.said,
            idle_since=_newest(good) if server.age_seconds is not None else None,
            gaps=[gap for each in ours if not each.problem for gap in gaps_of(each)],
        )
        verdict.wrong = [*self._too_few(verdict), *self._too_many(verdict), *self._too_old(stanza, verdict)]
        return verdict

    def _short_lock(self, holding: Holding) -> str:
        """How a lock falls short of the time for which its backups are to be kept; empty when it does not."""
        wanted = self._rule.immutable_days
        wanted = holding.keep_days if wanted is None else wanted
        if not holding.immutable or holding.lock_days is None or wanted is None or holding.lock_days >= wanted:
            return ""
        return f"the lock of {holding.repository} holds for {holding.lock_days} days of {wanted}"

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
        """Damaged backups, and every repository of which nothing is proven, or whose key nobody would find."""
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
        if name in self._without_key_id:
            found.append(f"{name}: no key_id says under which name its passphrase is escrowed")
        return found

    def _too_few(self, verdict: Verdict) -> list[str]:
        rule = self._rule
        counted = {
            "copies": (verdict.copies, rule.copies),
            "media": (verdict.media, rule.media),
            "off site": (verdict.offsite, rule.offsite),
            "immutable": (verdict.immutable, rule.immutable),
        }
        missing = [
            f"{what} {len(found)} of {wanted} ({', '.join(found) or 'none'})"
            for what, (found, wanted) in counted.items()
            if len(found) < wanted
        ]
        return missing + (verdict.short_locks if len(verdict.immutable) < rule.immutable else [])

    def _too_many(self, verdict: Verdict) -> list[str]:
        rule, wrong = self._rule, []
        if len(verdict.errors) > rule.errors:
            wrong.append(f"errors {len(verdict.errors)} of at most {rule.errors} ({'; '.join(verdict.errors)})")
        if verdict.gaps and not rule.gaps:
            said = [f"{gap['repository']} from {gap['from_at']} to {gap['until_at']}" for gap in verdict.gaps]
            wrong.append(f"the log has gaps: {', '.join(said)}")
        return wrong

    def _too_old(self, stanza: str, verdict: Verdict) -> list[str]:
        age, (most, why) = verdict.recovery_point_age_seconds, self._oldest_point(stanza)
        if most is None or (age is not None and age <= most):
            return []
        said = "not known" if age is None else f"{age:.0f} s old"
        heard = f"; {verdict.server}" if verdict.server else ""
        return [f"the newest recovery point is {said} of {most:g} s{why}{heard}"]

    def _oldest_point(self, stanza: str) -> tuple[float | None, str]:
        """How old the newest moment may be that can be recovered, and why just so."""
        rule, objective = self._rule, self._objectives.get(stanza)
        if rule.max_recovery_point_age_seconds is not None or objective is None:
            return rule.max_recovery_point_age_seconds, ""
        allowed = f"{rule.shipping_seconds} s for the log to arrive"
        return objective + rule.shipping_seconds, f" (its objective, rpo_seconds, is {objective:g} s, and {allowed})"


def _least(*ages: float | None) -> float | None:
    known = [age for age in ages if age is not None]
    return round(min(known), 3) if known else None


def _newest(holdings: list[Holding]) -> str | None:
    """The newest moment that can be recovered by the log alone, after which an idle server has committed nothing."""
    points = [point for each in holdings if (point := each.newest_point) is not None]
    return written(max(points)) if points else None


def _seconds(stanza: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            "read the options of backup_policy",
            cause=f"the objective of {stanza} is {value!r}",
            next_action="Give rpo_seconds as a number of seconds",
        ) from error
