# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What ``database_info`` says of a PostgreSQL cluster: one statement when it runs, its files when it does not."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import ControlData
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import Cluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import (
    ABSENT,
    DOWN,
    PRIMARY,
    STANDBY,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import furthest, parse_lsn

SETTINGS = (
    "archive_command",
    "archive_mode",
    "data_checksums",
    "primary_conninfo",
    "primary_slot_name",
    "restore_command",
    "synchronous_standby_names",
    "wal_log_hints",
)

# Everything in one round trip: this stands in the critical path of an emergency. The timeline of a primary is in the
# name of its current log segment; the one in the control file is that of the last checkpoint, which may be older.
OBSERVATION = """
SELECT pg_is_in_recovery() AS in_recovery,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       current_setting('server_version') AS version,
       CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn()::text END AS lsn,
       CASE WHEN pg_is_in_recovery() THEN NULL
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS primary_timeline,
       pg_last_wal_receive_lsn()::text AS received_lsn,
       pg_last_wal_replay_lsn()::text AS replayed_lsn,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused,
       to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS replayed_at,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS observed_at,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_transaction,
       (SELECT json_build_object('status', status, 'upstream_host', sender_host, 'upstream_port', sender_port,
                                 'slot', slot_name, 'latest_end_lsn', latest_end_lsn::text, 'timeline', received_tli)
          FROM pg_stat_wal_receiver) AS receiver,
       (SELECT coalesce(json_agg(json_build_object('name', application_name, 'address', host(client_addr),
                                 'state', state, 'sync_state', sync_state, 'replayed_lsn', replay_lsn::text)
                                 ORDER BY application_name, pid), '[]')
          FROM pg_stat_replication) AS senders,
       (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'type', slot_type, 'active', active,
                                 'restart_lsn', restart_lsn::text, 'wal_status', wal_status) ORDER BY slot_name), '[]')
          FROM pg_replication_slots) AS slots,
       (SELECT count(*) FROM pg_prepared_xacts) AS prepared_transactions,
       (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') AS segment_bytes,
       (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name = ANY(%s)) AS settings
"""


def observe_running(cluster: Cluster, session: Session, control: ControlData) -> dict[str, Any]:
    """The description of a running server."""
    seen = session.row(OBSERVATION, (list(SETTINGS),))
    receiver = seen.pop("receiver")
    is_standby = seen.pop("in_recovery")
    primary_timeline = seen.pop("primary_timeline")
    received = furthest(seen["received_lsn"], seen["replayed_lsn"])
    in_log = timeline_of_segment(cluster.data_directory / "pg_wal", received, int(seen.pop("segment_bytes")))
    settings = without_password(seen.pop("settings") or {})
    return {
        **seen,
        "state": STANDBY if is_standby else PRIMARY,
        "timeline": standby_timeline(receiver, control, in_log) if is_standby else primary_timeline,
        "received_lsn": received if is_standby else None,
        "replayed_lsn": seen["replayed_lsn"] if is_standby else None,
        "replayed_at": seen["replayed_at"] if is_standby else None,
        "receiver": receiver,
        "data_checksums": settings.pop("data_checksums", None) == "on",
        "wal_log_hints": settings.pop("wal_log_hints", None) == "on",
        "settings": settings,
        **from_files(cluster, control),
    }


def observe_stopped(cluster: Cluster, control: ControlData) -> dict[str, Any]:
    """The same shape for a stopped cluster; what only a running server knows is null."""
    return {
        "state": DOWN,
        "system_identifier": control.system_identifier,
        "version": (cluster.data_directory / "PG_VERSION").read_text().strip(),
        "timeline": max(control.timeline, control.minimum_recovery_end_timeline),
        "lsn": control.checkpoint_lsn,
        "received_lsn": None,
        "replayed_lsn": None,
        "replayed_at": None,
        "replay_paused": False,
        "observed_at": None,
        "next_transaction": None,
        "receiver": None,
        "senders": [],
        "slots": [],
        "prepared_transactions": None,
        "data_checksums": control.has_data_checksums,
        "wal_log_hints": None,
        "settings": {},
        **from_files(cluster, control),
    }


def absent() -> dict[str, Any]:
    """What is said of a data directory that is not one."""
    return {"state": ABSENT, "system_identifier": None, "timeline": None, "lsn": None, "receiver": None}


def from_files(cluster: Cluster, control: ControlData) -> dict[str, Any]:
    """What is read from files, whether the server runs or not."""
    return {
        "control": asdict(control),
        "signals": cluster.signals(),
        "start_at_boot": cluster.start_mode(),
        "rewind_unfinished": cluster.rewind_marker.exists(),
    }


def standby_timeline(receiver: dict[str, Any] | None, control: ControlData, in_log: int) -> int:
    """The timeline a standby is on: what it receives, otherwise the furthest that its log or control file has seen."""
    if receiver and receiver.get("timeline"):
        return int(receiver["timeline"])
    return max(control.timeline, control.minimum_recovery_end_timeline, in_log)


def timeline_of_segment(log_directory: Path, received_lsn: str | None, segment_bytes: int) -> int:
    """The timeline of the log segment that holds the last received byte; 0 when there is no such segment.

    A standby whose primary has fallen silent has no receiver to ask, and its control file knows a new timeline only
    after the next checkpoint. The segment it wrote last carries the timeline in its name.
    """
    if received_lsn is None:
        return 0
    number = max(0, parse_lsn(received_lsn) - 1) // segment_bytes
    per_file = 0x100000000 // segment_bytes
    suffix = f"{number // per_file:08X}{number % per_file:08X}"
    names = [path.name for path in log_directory.glob(f"????????{suffix}")]
    return max((int(name[:8], 16) for name in names), default=0)


def without_password(settings: dict[str, str]) -> dict[str, str]:
    """The settings without the password that a connection string may carry."""
    conninfo = settings.get("primary_conninfo", "")
    hidden = re.sub(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", r"\1***", conninfo)
    return {**settings, "primary_conninfo": hidden}
