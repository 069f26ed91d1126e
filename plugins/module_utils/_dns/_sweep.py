# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Sweeping all authoritative servers of a zone: what each says, and whether they say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    NameServer,
    RecordKey,
    RecordSet,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import DeadlineError, NameServiceError

SERIAL_SPACE = 2**32


def is_at_least(serial: int, other: int) -> bool:
    """Serial numbers wrap around (RFC 1982)."""
    return (serial - other) % SERIAL_SPACE < SERIAL_SPACE // 2


@dataclass(frozen=True)
class Sweep:
    """The answers of one moment, the primary's apart."""

    primary: ServerAnswer
    answers: tuple[ServerAnswer, ...]

    @property
    def records(self) -> dict[RecordKey, RecordSet]:
        return self.primary.records

    def behind(self, accepted: frozenset[str]) -> list[ServerAnswer]:
        """The servers that do not show what the primary shows; silent ones count unless they are accepted."""
        return [answer for answer in self.answers if not self._agrees(answer, answer.server in accepted)]

    def _agrees(self, answer: ServerAnswer, is_accepted: bool) -> bool:
        if not answer.is_read:
            return is_accepted
        if answer.records != self.primary.records or answer.serial is None or self.primary.serial is None:
            return False
        return is_at_least(answer.serial, self.primary.serial)

    def longest_cache_seconds(self, key: RecordKey) -> int:
        """How long a resolver may keep what it heard last, at whichever server it asked."""
        lifetimes = [
            answer.records[key].ttl if answer.records[key].exists else answer.negative_ttl
            for answer in self.answers
            if answer.is_read
        ]
        return max(lifetimes, default=0)

    def as_result(self, accepted: frozenset[str]) -> list[dict[str, Any]]:
        behind = {answer.server for answer in self.behind(accepted)}
        return [
            {**answer.as_result(), "agrees": answer.is_read and answer.server not in behind} for answer in self.answers
        ]


def sweep(
    server: NameServer,
    keys: Sequence[RecordKey],
    silent: Sequence[ServerAnswer] = (),
    lost: frozenset[str] = frozenset(),
) -> Sweep:
    """Ask all servers once; the primary must answer. Those already known as silent are not waited for again."""
    answers = [*server.read(keys, without=[answer.server for answer in silent], lost=lost), *silent]
    primary = next(answer for answer in answers if answer.server == server.primary)
    if not primary.is_read:
        raise NameServiceError(
            f"read the zone at its primary {server.primary}",
            cause=primary.error or "it gave no answer",
            next_action="See that the primary runs, is reachable and is authoritative for the zone",
            code=primary.error_code,
        )
    return Sweep(primary, tuple(answers))


def require_readable(seen: Sweep, accepted: frozenset[str]) -> None:
    """Before anything is changed: a server that cannot be read now cannot prove the change later."""
    silent = [answer for answer in seen.answers if not answer.is_read and answer.server not in accepted]
    if silent:
        named = "; ".join(f"{answer.server}: {answer.error}" for answer in silent)
        raise NameServiceError(
            "read every authoritative server before the change",
            cause=named,
            next_action="Bring them back, or list in unreachable_accepted those that are known to be lost",
            code=silent[0].error_code,
            evidence={"servers": [answer.as_result() for answer in silent]},
        )


def wait_for_agreement(
    server: NameServer,
    keys: Sequence[RecordKey],
    *,
    accepted: frozenset[str],
    silent: Sequence[ServerAnswer],
    deadline: Deadline,
) -> Sweep:
    """Sweep until every server shows what the primary shows, or the deadline names those that do not."""
    last: list[Sweep] = []

    def look() -> Sweep:
        last[:] = [sweep(server, keys, silent, accepted)]
        return last[0]

    try:
        return deadline.wait_until(
            "see the records at every authoritative server",
            look,
            lambda seen: not seen.behind(accepted),
            every_seconds=0.05,
            next_action="Look at the zone transfers",
        )
    except DeadlineError as error:
        seen = last[0]
        behind = seen.behind(accepted)
        raise NameServiceError(
            "see the records at every authoritative server",
            cause=f"after {deadline.seconds:g} s behind serial {seen.primary.serial} of the primary: "
            + "; ".join(_told(answer) for answer in behind),
            next_action="Look at NOTIFY and zone transfers to these servers; the primary has the records, so either "
            "run again once they follow, or put the former records back",
            code="DR-DNS-STALE",
            data_state="new_live",
            evidence={"stale": [answer.server for answer in behind], "servers": seen.as_result(accepted)},
        ) from error


def _told(answer: ServerAnswer) -> str:
    if not answer.is_read:
        return f"{answer.server} ({answer.error})"
    shown = ", ".join(str(answer.records[key]) for key in sorted(answer.records))
    return f"{answer.server} (serial {answer.serial}: {shown})"
