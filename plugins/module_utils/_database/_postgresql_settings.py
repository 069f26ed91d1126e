# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The two settings that decide how long a promotion takes, set aside before it and put back after it.

A restore command that fetches from a repository makes a promotion take seconds instead of tens of milliseconds,
and the default retry interval can make it wait another five. ALTER SYSTEM lays an empty restore command over
whatever the configuration files say, and RESET takes it away again. That an empty one lies there is the mark itself:
whoever comes next, even after a crash of everything, sees it and puts the settings back.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError

RESTORE_COMMAND = "restore_command"
RETRY_INTERVAL = "wal_retrieve_retry_interval"
QUICK_RETRY = "50ms"
AUTOMATIC_FILE = "postgresql.auto.conf"

# pg_settings shows the file only to those who may read all settings (pg_monitor may).
SOURCES = """
SELECT setting, coalesce(sourcefile, '') LIKE '%/postgresql.auto.conf' AS is_automatic
  FROM pg_settings WHERE name = 'restore_command'
"""


def set_aside(session: Session) -> bool:
    """Set both aside on a running server and make it read them; says whether they were not aside already."""
    now = session.row(SOURCES)
    if now["is_automatic"] and now["setting"]:
        raise PreconditionError(
            f"prepare the promotion on {session.where}",
            cause=f"its restore_command stands in {AUTOMATIC_FILE}, where it could not be put back after a crash",
            next_action="Move it to the configuration files: run ALTER SYSTEM RESET restore_command there",
        )
    if now["is_automatic"]:
        return False
    session.rows(f"ALTER SYSTEM SET {RETRY_INTERVAL} = '{QUICK_RETRY}'")
    session.rows(f"ALTER SYSTEM SET {RESTORE_COMMAND} = ''")
    session.rows("SELECT pg_reload_conf()")
    return True


def put_back(session: Session) -> bool:
    """Put both back on a running server, if they are set aside; says whether they were."""
    now = session.row(SOURCES)
    if not now["is_automatic"] or now["setting"]:
        return False
    for name in (RETRY_INTERVAL, RESTORE_COMMAND):
        session.rows(f"ALTER SYSTEM RESET {name}")
    session.rows("SELECT pg_reload_conf()")
    return True


# The same on the file of a stopped server, and the settings of a standby


def read_automatic(text: str) -> dict[str, str]:
    """The settings of a postgresql.auto.conf, unquoted."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([a-z_.]+)\s*=\s*'((?:[^'\\]|''|\\.)*)'\s*$", line)
        if match:
            found[match[1]] = re.sub(r"''|\\(.)", lambda escape: escape[1] or "'", match[2])
    return found


def edit_automatic(data_directory: Path, changes: dict[str, str | None]) -> None:
    """Set (or, with None, remove) settings in postgresql.auto.conf of a server that does not run."""
    path = data_directory / AUTOMATIC_FILE
    lines = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() not in changes]
    written = [f"{name} = {file_quoted(value)}" for name, value in changes.items() if value is not None]
    write_durably(path, "\n".join([*kept, *written]) + "\n")


def put_back_in_file(data_directory: Path) -> bool:
    """``put_back`` for a server that does not run."""
    path = data_directory / AUTOMATIC_FILE
    settings = read_automatic(path.read_text()) if path.exists() else {}
    if settings.get(RESTORE_COMMAND) != "":
        return False
    edit_automatic(data_directory, {RETRY_INTERVAL: None, RESTORE_COMMAND: None})
    return True


def file_quoted(value: str) -> str:
    """A value as PostgreSQL reads it in a configuration file."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def standby_settings(conninfo: str, slot: str) -> dict[str, str | None]:
    """What makes a server follow another; targets of an earlier recovery are removed, they would stop it."""
    targets = ("", "_action", "_inclusive", "_lsn", "_name", "_time", "_timeline", "_xid")
    return {
        **{f"recovery_target{ending}": None for ending in targets},
        "primary_conninfo": conninfo,
        "primary_slot_name": slot,
    }


def conninfo(parameters: dict[str, Any]) -> str:
    """A libpq connection string with every value quoted."""
    pairs = []
    for name, value in parameters.items():
        text = str(value).replace("\\", "\\\\").replace("'", "\\'")
        pairs.append(f"{name}='{text}'")
    return " ".join(pairs)
