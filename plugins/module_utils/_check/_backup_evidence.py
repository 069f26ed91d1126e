# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the results of backup_info prove; pure. What cannot be read of one proves nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import is_trusted_as

OPTION = "catalogues"


@dataclass(frozen=True)
class Kept:
    """One backup as far as a policy asks for it."""

    id: str
    stopped_at: datetime
    errors: list[str]
    level: str
    levels: dict[str, str]
    # Whether its source stood still while it was read; what does not say so did not.
    is_consistent: bool = False

    def is_proven(self, level: str, since: datetime) -> bool:
        at = self.levels.get(level)
        return (
            not self.errors
            and is_trusted_as(self.level, level)
            and at is not None
            and parse_instant(at, option=OPTION) >= since
        )


@dataclass(frozen=True)
class Holding:
    """What one repository holds of one stanza; ``problem`` says why it proves nothing."""

    stanza: str
    repository: str
    place: str = ""
    medium: str = ""
    # As the place itself says; None when it does not say.
    immutable: bool | None = None
    # For how many days its lock holds what is written now, and for how many the retention keeps it, where it is known.
    lock_days: int | None = None
    keep_days: int | None = None
    read_at: datetime | None = None
    backups: list[Kept] = field(default_factory=list)
    windows: list[dict[str, Any]] = field(default_factory=list)
    recovery_point: datetime | None = None
    problem: str = ""
    # Copies that nobody writes to between two times: they are older than a repository may be.
    is_tape: bool = False

    @property
    def usable(self) -> list[Kept]:
        return [backup for backup in self.backups if not backup.errors]

    @property
    def newest_point(self) -> datetime | None:
        """The newest moment that can be recovered: by the log, or as the newest usable backup."""
        points = [backup.stopped_at for backup in self.usable[-1:]]
        return max([*points, *([self.recovery_point] if self.recovery_point else [])], default=None)

    @property
    def recovery_point_age_seconds(self) -> float | None:
        """How old that moment was when the repository was read: what arrived since then nobody has seen."""
        point = self.newest_point
        return None if point is None or self.read_at is None else (self.read_at - point).total_seconds()


def holding_of(catalogue: Any) -> Holding:
    """One result of backup_info; a failed, skipped or garbled one is a holding with a problem."""
    if not isinstance(catalogue, dict):
        return Holding("", "", problem="it is not a result of backup_info")
    if any(catalogue.get(flag) for flag in ("failed", "unreachable", "skipped")):
        problem = str(catalogue.get("msg") or "it was not read")
    else:
        try:
            return _read(catalogue)
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            problem = f"its result is not understood: {type(error).__name__} {error}"
    item = _mapping(catalogue.get("item"))
    repository = _mapping(catalogue.get("repository")) or _mapping(item.get("repository"))
    stanzas = [_mapping(engine).get("stanza") for engine in _mapping(item.get("engine")).values()]
    stanza = catalogue.get("stanza") or next(filter(None, stanzas), "")
    return Holding(str(stanza), str(repository.get("name", "")), problem=problem)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _days(value: Any) -> int | None:
    return None if value is None else int(value)


def _read(catalogue: dict[str, Any]) -> Holding:
    repository = catalogue["repository"]
    retention = _mapping(_mapping(catalogue.get("item")).get("retention"))
    point = catalogue["newest_recovery_point"]
    backups = [
        Kept(
            str(each["id"]),
            parse_instant(each["stopped_at"], option=OPTION),
            [str(error) for error in each["errors"]],
            str(each["trust"]["level"]),
            dict(each["trust"]["levels"]),
            each.get("is_consistent") is True,
        )
        for each in catalogue["backups"]
    ]
    is_reached = repository["reachable"] is not False
    return Holding(
        stanza=str(catalogue["stanza"]),
        repository=str(repository["name"]),
        place=str(repository["place"]),
        medium=str(repository.get("medium") or ""),
        immutable=repository["immutable"] if isinstance(repository.get("immutable"), bool) else None,
        lock_days=_days(_mapping(repository.get("protection")).get("retention_days")),
        keep_days=_days(retention.get("keep_days")),
        read_at=parse_instant(catalogue["read_at"], option=OPTION),
        backups=sorted(backups, key=lambda each: each.stopped_at),
        windows=list(catalogue["windows"]),
        recovery_point=None if point is None else parse_instant(point["at"], option=OPTION),
        is_tape="tapes" in catalogue,
        problem="" if is_reached else f"its place is not reached: {repository['observed']}",
    )


def gaps_of(holding: Holding) -> list[dict[str, Any]]:
    """The stretches between two windows of one timeline: no moment in them can be recovered from there."""
    gaps = []
    by_line: dict[Any, list[dict[str, Any]]] = {}
    for window in holding.windows:
        by_line.setdefault(window.get("timeline"), []).append(window)
    for timeline, windows in by_line.items():
        ordered = sorted(windows, key=lambda each: parse_instant(each["from_at"], option=OPTION))
        for earlier, later in zip(ordered, ordered[1:], strict=False):
            gaps.append({"timeline": timeline, "from_at": earlier["until_at"], "until_at": later["from_at"]})
    return [{"repository": holding.repository, **gap} for gap in gaps]
