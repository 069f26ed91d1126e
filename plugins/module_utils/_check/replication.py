# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a standby follows its primary: streaming, same identity, same timeline, and close enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._sql_session import (
    CONNECTION,
    ReadOnlySession,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import bytes_behind

STANDBY_STATE = """
SELECT pg_is_in_recovery(), (SELECT status FROM pg_stat_wal_receiver), (SELECT received_tli FROM pg_stat_wal_receiver),
       (SELECT system_identifier::text FROM pg_control_system()), pg_last_wal_replay_lsn()::text
"""
PRIMARY_STATE = """
SELECT pg_is_in_recovery(), (SELECT system_identifier::text FROM pg_control_system()),
       CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn()::text END
"""


@dataclass(frozen=True)
class Pair:
    """What both servers say; pure material for the judgement."""

    standby_recovers: bool
    receiver: str | None
    standby_timeline: int | None
    standby_identity: str
    replayed: str | None
    primary_recovers: bool
    primary_identity: str
    primary_timeline: int | None
    written: str | None

    @property
    def lag_bytes(self) -> int | None:
        if self.written is None or self.replayed is None:
            return None
        return bytes_behind(self.written, self.replayed)


class Replication(Check):
    """The replay position alone proves nothing: a diverged server passes it."""

    NAME = "replication"
    OPTIONS: dict[str, Any] = {
        **CONNECTION,
        "primary_host": {"type": "str", "required": True},
        "primary_port": {"type": "int", "default": 5432},
        "system_identifier": {"type": "str"},
        "max_lag_bytes": {"type": "int", "default": 16777216},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._options = options
        self._primary = {**options, "host": options["primary_host"], "port": options["primary_port"]}

    def observe(self, deadline: Deadline) -> Observation:
        # The standby first: what the primary writes meanwhile makes the lag look larger, never smaller.
        with ReadOnlySession(self._options, deadline) as session:
            standby = session.row(STANDBY_STATE)
        with ReadOnlySession(self._primary, deadline) as session:
            primary = session.row(PRIMARY_STATE)
        if standby is None or primary is None:
            return Observation(False, "no answer to the question for the state", self._expected())
        timeline = None if primary[2] is None else int(primary[2], 16)
        recovers, receiver, received_timeline, identity, replayed = standby
        pair = Pair(
            recovers, receiver, received_timeline, identity, replayed, primary[0], primary[1], timeline, primary[3]
        )
        wrong = faults(pair, self._options["system_identifier"], self._options["max_lag_bytes"])
        observed = "; ".join(wrong) or f"streaming on timeline {pair.standby_timeline}, {pair.lag_bytes} bytes behind"
        return Observation(not wrong, observed, self._expected(), {**asdict(pair), "lag_bytes": pair.lag_bytes})

    def _expected(self) -> str:
        return (
            f"{self._options['host']} streams from {self._options['primary_host']}, same identity and timeline, "
            f"at most {self._options['max_lag_bytes']} bytes behind"
        )


def faults(pair: Pair, identity: str | None, max_lag_bytes: int) -> list[str]:
    """Everything that speaks against the pair; what is not known speaks against it."""
    lag = pair.lag_bytes
    judged = {
        "the standby is no standby": not pair.standby_recovers,
        "the primary is no primary": pair.primary_recovers,
        f"the receiver is {pair.receiver or 'not running'}": pair.receiver != "streaming",
        f"identities {pair.standby_identity} and {pair.primary_identity}": pair.standby_identity
        != pair.primary_identity,
        f"identity {pair.standby_identity} where {identity} is declared": identity not in (None, pair.standby_identity),
        f"timelines {pair.standby_timeline} and {pair.primary_timeline}": pair.standby_timeline is None
        or pair.standby_timeline != pair.primary_timeline,
        f"{'an unknown number of' if lag is None else lag} bytes behind": lag is None or lag > max_lag_bytes,
    }
    return [fault for fault, is_so in judged.items() if is_so]
