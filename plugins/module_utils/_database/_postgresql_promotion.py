# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Promoting a standby quickly, and proving that it became what was wanted."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_settings import (
    put_back,
    set_aside,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, ToolError

# A transactional message writes to the log and nothing else. A dead synchronous standby must not hang the proof.
WRITE_PROBE = (
    "BEGIN; SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, 'recovery', 'promoted'); COMMIT"
)
STANDING = """
SELECT pg_is_in_recovery() AS in_recovery,
       current_setting('synchronous_standby_names') AS synchronous_standby_names,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused
"""
AFTER = """
SELECT pg_current_wal_lsn()::text AS lsn,
       ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       current_setting('synchronous_standby_names') AS synchronous_standby_names
"""


def promote(session: Session, deadline: Deadline) -> dict[str, Any]:
    """Promote, wait, write; returns timeline, position and how long the promotion took."""
    standing = session.row(STANDING)
    if standing["replay_paused"]:
        raise PreconditionError(
            f"promote the standby on {session.where}",
            cause="its replay is paused",
            next_action="Find out who paused it and why, then run pg_wal_replay_resume()",
        )
    set_aside(session)
    try:
        started = time.monotonic()
        if not session.value("SELECT pg_promote(false)"):
            raise ToolError(
                f"promote the standby on {session.where}",
                cause="pg_promote returned false",
                next_action="See the log of the server",
                data_state="unknown",
            )
        deadline.wait_until(
            f"see the standby on {session.where} become a primary",
            lambda: "in recovery" if session.value("SELECT pg_is_in_recovery()") else "primary",
            lambda seen: seen == "primary",
            every_seconds=0.002,
            next_action="See its log: the order stands, it will still be promoted when it can",
        )
        milliseconds = round((time.monotonic() - started) * 1000, 1)
    finally:
        put_back(session)
    session.rows(WRITE_PROBE)
    return {**session.row(AFTER), "promote_ms": milliseconds, "wrote": True}
