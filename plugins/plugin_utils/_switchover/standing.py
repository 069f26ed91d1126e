# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the two sides of a pair say of themselves, and what in it speaks against a switchover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import TimelineError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import bytes_behind

# More than this to catch up would be waited for inside the pause.
LAG_BYTES = 16 * 1024 * 1024

STANDING = """
SELECT pg_is_in_recovery() AS in_recovery,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       CASE WHEN pg_is_in_recovery() THEN (SELECT received_tli FROM pg_stat_wal_receiver)
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
       (SELECT status FROM pg_stat_wal_receiver) AS receiver,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused,
       (SELECT count(*) FROM pg_prepared_xacts) AS prepared_transactions,
       clock_timestamp()::text AS clock
"""
# A side that does not answer.
SILENT: dict[str, Any] = {"in_recovery": None, "timeline": None, "system_identifier": None}


def objections(source_host: str, source: Mapping[str, Any], target_host: str, target: Mapping[str, Any]) -> list[str]:
    """Everything that speaks against it, not only the first: roles, streaming, replay, and the lag."""
    found = []
    if source["in_recovery"]:
        found.append(f"{source_host} is not a primary")
    if not target["in_recovery"]:
        found.append(f"{target_host} is not a standby")
    elif target["receiver"] != "streaming":
        found.append(f"{target_host} does not stream (receiver: {target['receiver'] or 'none'})")
    if target["replay_paused"]:
        found.append(f"the replay on {target_host} is paused")
    if not found and bytes_behind(source["lsn"], target["lsn"]) > LAG_BYTES:
        found.append(f"{target_host} is {bytes_behind(source['lsn'], target['lsn'])} bytes behind")
    return found


def require_same_story(
    name: str, system_identifier: str, *sides: Mapping[str, Any], evidence: Mapping[str, Any]
) -> None:
    """One system, the one of the inventory, and one timeline."""
    systems = {str(side["system_identifier"]) for side in sides}
    timelines = {side["timeline"] for side in sides}
    if systems != {system_identifier} or len(timelines) != 1:
        raise TimelineError(
            f"switch {name} over",
            cause=f"systems {sorted(systems)} on timelines {sorted(map(str, timelines))}, "
            f"the inventory says system {system_identifier}",
            next_action="Correct the inventory, or rejoin the standby",
            evidence={"before": evidence},
        )
