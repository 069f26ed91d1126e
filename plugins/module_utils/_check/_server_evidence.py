# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the live servers prove of a stanza whose log has stood still; pure. What is not proven is no proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._backup_evidence import (
    OPTION,
    Holding,
    holding_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant

# As backup_info says it of a server that takes writes.
WRITES = "primary"


@dataclass(frozen=True)
class Answer:
    """What the server of one host said, beside the holding that was read there just before."""

    host: str
    holding: Holding
    state: str = ""
    all_shipped: bool = False
    asked_at: datetime | None = None
    observed: str = ""

    @property
    def told(self) -> str:
        return f"{self.host}: {self.holding.problem or self.observed or 'it was not asked'}"


@dataclass(frozen=True)
class Standing:
    """How old the newest moment is of which a server proves that nothing is lost with it, and what was said."""

    said: str = ""
    age_seconds: float | None = None


def answer_of(host: str, result: Any) -> Answer:
    """One result of backup_info with ask_server; one that is not understood says nothing."""
    holding = holding_of(result)
    server = result.get("server") if isinstance(result, dict) else None
    if holding.problem or not isinstance(server, dict):
        return Answer(host, holding)
    try:
        asked_at = parse_instant(str(server["asked_at"]), option=OPTION)
    except (KeyError, InputError) as error:
        return Answer(host, holding, observed=f"its answer is not understood: {type(error).__name__} {error}")
    is_shipped = server.get("all_shipped") is True
    return Answer(host, holding, str(server.get("state")), is_shipped, asked_at, str(server.get("observed", "")))


def standing_of(stanza: str, servers: dict[str, Any], why_no_copy: Callable[[Holding], str]) -> Standing:
    """What the one server that writes a stanza proves; two that say so contradict each other."""
    answers = [
        answer_of(str(host), result)
        for host, results in servers.items()
        if isinstance(results, list)
        for result in results
    ]
    answers = [each for each in answers if each.holding.stanza == stanza]
    if not answers:
        return Standing("none of its servers answered" if servers else "")
    writing = [each for each in answers if each.state == WRITES]
    hosts = {each.host for each in writing}
    if len(hosts) != 1:
        told = "; ".join(dict.fromkeys(each.told for each in answers))
        return Standing(f"{'more than one server says' if hosts else 'no server says'} that it writes it ({told})")
    proven = [
        (age, each) for each in writing if (age := proven_age(each)) is not None and not why_no_copy(each.holding)
    ]
    if not proven:
        # One may have shipped all there was into what is no copy.
        why = [f"{each.told}, but {why_no_copy(each.holding)}" if each.all_shipped else each.told for each in writing]
        return Standing(f"its server on {'; '.join(dict.fromkeys(why))}")
    age, best = min(proven, key=lambda each: each[0])
    return Standing(f"idle, all of its log is in {best.holding.repository}, says its server on {best.host}", age)


def proven_age(answer: Answer) -> float | None:
    """How old the moment was, when the repository was read, until which everything is there; None without a proof.

    Both times are of one host, so that clocks of different hosts cannot make it younger than it is.
    """
    if not answer.all_shipped or answer.asked_at is None or answer.holding.read_at is None:
        return None
    return max(0.0, (answer.holding.read_at - answer.asked_at).total_seconds())
