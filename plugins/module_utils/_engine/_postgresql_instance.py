# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A PostgreSQL instance of our own on a restored directory: cut off from everything, asked over its own socket."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._data_owner import as_owner, give
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, ToolError

# Hot standby refuses to start with less than the source had; the control file tells what that was.
LIMITS = (
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_xacts",
    "max_locks_per_xact",
)
SETTING_NAMES = {"max_prepared_xacts": "max_prepared_transactions", "max_locks_per_xact": "max_locks_per_transaction"}
CONFIGURATION = "recovery-instance.conf"
ACCESS = "recovery-instance-hba.conf"
LOG = "recovery-instance.log"


def quoted(value: str) -> str:
    """A value of a PostgreSQL configuration file."""
    return "'" + value.replace("'", "''") + "'"


def limits_of(control_text: str) -> dict[str, str]:
    """The limits that the source ran with, out of pg_controldata."""
    found = dict(re.findall(r"^(\w+) setting: +(\d+)$", control_text, re.MULTILINE))
    return {SETTING_NAMES.get(name, name): found[name] for name in LIMITS if name in found}


@dataclass(frozen=True)
class Instance:
    """One postmaster on one directory."""

    directory: Path
    binary_directory: Path
    port: int
    deadline: Deadline
    # Who runs it, when that is not who runs this.
    user: str = ""

    def argv(self, program: str, *arguments: str) -> list[str]:
        return as_owner(self.user, [str(self.binary_directory / program), *arguments])

    @property
    def address(self) -> list[str]:
        """Where every client of PostgreSQL finds it."""
        return ["-h", str(self.directory), "-p", str(self.port)]

    def configure(self, settings: dict[str, str], *, listen: str = "") -> None:
        """Write the whole configuration; settings of the source that could reach the outside are left aside."""
        self._set_aside_source_settings()
        own = {
            "data_directory": str(self.directory),
            "hba_file": str(self.directory / ACCESS),
            "listen_addresses": listen,
            "port": str(self.port),
            "unix_socket_directories": str(self.directory),
            "unix_socket_permissions": "0700",
            "archive_mode": "off",
            "hot_standby": "on",
            # pgBackRest has flushed every file already: one call for the whole disk instead of one per file.
            "recovery_init_sync_method": "syncfs",
            "lc_messages": "C",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "max_logical_replication_workers": "0",
            "cluster_name": "recovery",
            **settings,
        }
        self._write(CONFIGURATION, "".join(f"{name} = {quoted(value)}\n" for name, value in own.items()))
        remote = f"host all all {listen}/32 scram-sha-256\n" if listen else ""
        self._write(ACCESS, f"local all all peer\n{remote}")

    def _set_aside_source_settings(self) -> None:
        settings, kept = self.directory / "postgresql.auto.conf", self.directory / "postgresql.auto.conf.source"
        if settings.exists() and not kept.exists():
            settings.rename(kept)
        self._write("postgresql.auto.conf", "")

    def _write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        give(path, self.user)

    def signal_recovery(self, *, endless: bool) -> None:
        """Recover from the archive: to a target or the end of the log, or endlessly as a standby does."""
        wanted, other = ("standby.signal", "recovery.signal") if endless else ("recovery.signal", "standby.signal")
        (self.directory / other).unlink(missing_ok=True)
        (self.directory / wanted).touch(mode=0o600)

    def start(self) -> None:
        """Start the postmaster; what it does then is for the caller to watch."""
        (self.directory / LOG).unlink(missing_ok=True)
        options = f"-c config_file={shlex.quote(str(self.directory / CONFIGURATION))}"
        argv = self.argv("pg_ctl", "start", "-W", "-s", "-D", str(self.directory))
        finished = run_tool([*argv, "-l", str(self.directory / LOG), "-o", options], deadline=self.deadline)
        if finished.rc != 0:
            raise ToolError(
                f"start the restored copy in {self.directory}",
                cause=f"{finished.last_lines} | {self.last_words}",
                next_action="Read its log",
            )

    @property
    def process_id(self) -> int | None:
        return process_of(self.directory)

    @property
    def log_text(self) -> str:
        try:
            return (self.directory / LOG).read_text(encoding="utf-8", errors="backslashreplace")
        except OSError:
            return ""

    @property
    def last_words(self) -> str:
        return " | ".join(self.log_text.splitlines()[-8:]) or "its log is empty"

    def require_alive(self) -> None:
        """Raise when the postmaster has given up."""
        if self.process_id is None and self.log_text:
            raise IntegrityError(
                f"recover the copy in {self.directory}",
                cause=f"PostgreSQL gave up: {self.last_words}",
                next_action="Choose another target or an earlier backup",
                evidence={"log": self.log_text.splitlines()[-20:]},
            )

    def ask(self, query: str, *, database: str = "postgres") -> list[list[str]] | None:
        """Rows of text, or None while the server does not answer questions."""
        argv = self.argv("psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-", *self.address, "-d", database)
        finished = run_tool(argv, deadline=self.deadline, stdin=query, environment={"PGCONNECT_TIMEOUT": "5"})
        if finished.rc != 0:
            if "ERROR:" in finished.stderr:
                raise ToolError(
                    f"question the copy in {self.directory}",
                    cause=finished.last_lines,
                    next_action="Correct the query, or see whether the data it asks for was backed up",
                )
            return None
        return [line.split("\t") for line in finished.stdout.splitlines()]

    def stop(self) -> None:
        """Stop cleanly within the deadline; a server that will not is ended and that is said."""
        if self.process_id is None:
            return
        seconds = str(max(1, int(min(self.deadline.remaining, 60.0))))
        argv = self.argv("pg_ctl", "stop", "-w", "-s", "-D", str(self.directory), "-t", seconds)
        # Also when the deadline is over: nothing of ours may stay running.
        grace = Deadline(70.0)
        finished = run_tool([*argv, "-m", "fast"], deadline=grace)
        if self.process_id is not None:
            run_tool([*argv, "-m", "immediate"], deadline=grace)
            raise ToolError(
                f"stop the copy in {self.directory} cleanly",
                cause=finished.last_lines,
                next_action="Do not use this copy; restore again",
            )


def process_of(directory: Path) -> int | None:
    """The living process that holds a data directory's pid file, or None."""
    try:
        process_id = int((directory / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    try:
        command = Path(f"/proc/{process_id}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    # The number may since have gone to another program: a left-over pid file is no server.
    return process_id if command in ("postgres", "postmaster") else None


def state_of(instance: Instance) -> dict[str, Any] | None:
    """How far a recovering or recovered instance is; None while it does not answer."""
    rows = instance.ask(
        "SELECT pg_is_in_recovery(), "
        "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, "
        "to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
        "CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() ELSE 'not paused' END, "
        "(SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup'), "
        "CASE WHEN pg_is_in_recovery() THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery()) "
        "ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END;"
    )
    if not rows:
        return None
    recovering, lsn, at, paused, waits_for, timeline = rows[0]
    return {
        "is_recovering": recovering == "t",
        "lsn": lsn,
        "at": at or None,
        "is_paused": paused == "paused",
        "waits_for": waits_for or None,
        "timeline": int(timeline),
    }
