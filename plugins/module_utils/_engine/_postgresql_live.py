# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The cluster of this host: kept by Debian's cluster tools where they are, by pg_ctl elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import (
    ACCESS,
    CONFIGURATION,
    LOG,
    Instance,
    process_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_recovery import (
    live_settings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Reached
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    IntegrityError,
    PreconditionError,
    ToolError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

OWN_SETTINGS_QUERY = (
    "SELECT DISTINCT name FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' "
    "AND (name LIKE 'recovery\\_%' OR name = 'restore_command') ORDER BY 1;"
)


@dataclass(frozen=True)
class LiveCluster:
    """Where the cluster's data, programs and socket are."""

    version: str
    cluster: str
    port: int
    database: str
    data_directory: Path
    configuration_directory: Path
    binary_directory: Path
    socket_directory: Path
    deadline: Deadline

    @classmethod
    def of(cls, options: dict[str, Any], deadline: Deadline) -> LiveCluster:
        version, cluster = str(options["version"]), str(options["cluster"])
        return cls(
            version,
            cluster,
            int(options["port"]),
            str(options["database"] or "postgres"),
            Path(options["data_directory"] or f"/var/lib/postgresql/{version}/{cluster}"),
            Path(options["configuration_directory"] or f"/etc/postgresql/{version}/{cluster}"),
            Path(options["binary_directory"] or f"/usr/lib/postgresql/{version}/bin"),
            Path(options["socket_directory"] or "/var/run/postgresql"),
            deadline,
        )

    @property
    def is_kept_by_debian(self) -> bool:
        """Whether the cluster's configuration stands apart from its data, under this directory's name."""
        configuration = self.configuration_directory / "postgresql.conf"
        try:
            return f"'{self.data_directory}'" in configuration.read_text(encoding="utf-8")
        except OSError:
            return False

    def ask(self, query: str) -> list[list[str]] | None:
        """Rows of text, or None while the server does not answer."""
        finished = self._psql(query)
        if finished.rc == 0:
            return [line.split("\t") for line in finished.stdout.splitlines()]
        if "does not exist" in finished.stderr and "role" in finished.stderr:
            raise AccessError(
                f"ask the server on port {self.port}",
                cause=finished.last_lines,
                next_action="Run as the user postgres, or create the role",
            )
        if "ERROR:" in finished.stderr:
            raise ToolError(
                f"ask the server on port {self.port}", cause=finished.last_lines, next_action="Read the server's log"
            )
        return None

    def _psql(self, query: str) -> Finished:
        argv = [str(self.binary_directory / "psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        argv += ["-h", str(self.socket_directory), "-p", str(self.port), "-d", "postgres"]
        return run_tool(argv, deadline=self.deadline, stdin=query, environment={"PGCONNECT_TIMEOUT": "5"})

    def require_answer(self, query: str) -> list[list[str]]:
        rows = self.ask(query)
        if rows is None:
            raise PreconditionError(
                f"ask the server on port {self.port}",
                cause=f"nothing answers at {self.socket_directory}",
                next_action="Run this on the host of the running primary",
            )
        return rows

    def start(self) -> None:
        """Start it without waiting: the caller watches for what it needs."""
        log = self.data_directory.with_name(self.data_directory.name + ".log")
        if self.is_kept_by_debian:
            argv = ["pg_ctlcluster", "--skip-systemctl-redirect", self.version, self.cluster, "start", "--", "-W"]
        else:
            argv = [str(self.binary_directory / "pg_ctl"), "start", "-W", "-s", "-D", str(self.data_directory)]
            argv += ["-l", str(log)]
        finished = run_tool(argv, deadline=self.deadline)
        if finished.rc != 0:
            raise ToolError(
                f"start the cluster {self.version}/{self.cluster}",
                cause=finished.last_lines,
                next_action="Read the server's log",
            )

    def stop(self) -> None:
        """End it at once when it has to give way to the data that was there before."""
        argv = [str(self.binary_directory / "pg_ctl"), "stop", "-w", "-s", "-m", "fast", "-D", str(self.data_directory)]
        run_tool(argv, deadline=Deadline(60.0))


def settle(staged: Path, target: RecoveryTarget, timeline: int, restore_command: str) -> None:
    """Give a proven copy its source's settings back, and the signal to recover to the same target when it starts."""
    source, settings = staged / "postgresql.auto.conf.source", staged / "postgresql.auto.conf"
    text = source.read_text(encoding="utf-8") if source.exists() else ""
    settings.write_text(live_settings(text, restore_command, target, timeline), encoding="utf-8")
    source.unlink(missing_ok=True)
    for name in (CONFIGURATION, ACCESS, LOG):
        (staged / name).unlink(missing_ok=True)
    Instance(staged, staged, 0, Deadline(0)).signal_recovery(endless=False)


def open_live(cluster: LiveCluster) -> Reached:
    """Start the live cluster, wait until it accepts writes, and take the recovery's settings away again."""
    cluster.start()

    def observe() -> list[list[str]] | None:
        rows = cluster.ask(
            "SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
            "ELSE pg_current_wal_lsn() END, CASE WHEN pg_is_in_recovery() THEN 0 "
            "ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END, "
            "to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"');"
        )
        if rows is None and process_of(cluster.data_directory) is None:
            raise IntegrityError(
                f"start the cluster in {cluster.data_directory}",
                cause="the server ended by itself",
                next_action="Read the server's log",
            )
        return rows

    rows = cluster.deadline.wait_until(
        f"open the cluster in {cluster.data_directory}",
        observe,
        lambda seen: bool(seen) and seen is not None and seen[0][0] == "f",
        every_seconds=0.05,
        next_action="Read the server's log",
    )
    if rows is None:
        raise AssertionError("a wait that ended has seen something")
    # A target that stayed would stop this cluster there again when it becomes a standby one day.
    own = [row[0] for row in cluster.require_answer(OWN_SETTINGS_QUERY)]
    cluster.require_answer("".join(f"ALTER SYSTEM RESET {name};\n" for name in own) + "SELECT pg_reload_conf();")
    return Reached(lsn=rows[0][1], at=rows[0][3] or None, timeline=int(rows[0][2]), by="open")


def require_programs(cluster: LiveCluster, record: BackupRecord) -> None:
    """Raise when a backup needs another version than the cluster is of, or one that is not installed."""
    if record.server_version != cluster.version:
        raise VersionError(
            f"restore backup {record.id}",
            cause=f"it is of PostgreSQL {record.server_version}, wanted is {cluster.version}",
            next_action="Set engine.postgresql.version to the version of the backup",
        )
    if not os.access(cluster.binary_directory / "postgres", os.X_OK):
        raise VersionError(
            f"restore backup {record.id}",
            cause=f"PostgreSQL {cluster.version} is not installed in {cluster.binary_directory}",
            next_action="Install it, or set engine.postgresql.binary_directory",
        )
