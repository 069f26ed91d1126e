# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The two settings that decide how long a promotion takes, set aside before it and put back after it.

A restore command that fetches from a repository makes a promotion take seconds instead of tens of milliseconds,
and the default retry interval can make it wait another five. Both are set aside by ALTER SYSTEM. What they were is
written into the value itself, as a comment of a command that does nothing: whoever comes next, even after a crash
of everything, reads it there and can put it back.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably

RESTORE_COMMAND = "restore_command"
RETRY_INTERVAL = "wal_retrieve_retry_interval"
QUICK_RETRY = "50ms"
MARK = "false # set aside for a promotion: "
AUTOMATIC_FILE = "postgresql.auto.conf"

# pg_settings shows the file only to those who may read all settings (pg_monitor may).
SOURCES = """
SELECT name, setting || coalesce(unit, '') AS setting,
       coalesce(sourcefile, '') LIKE '%%/postgresql.auto.conf' AS is_automatic
  FROM pg_settings WHERE name = ANY(%s)
"""


def set_aside_value(before: dict[str, str | None]) -> str:
    """A restore command that finds nothing, and carries what to put back (null: nothing in the automatic file)."""
    return MARK + base64.b64encode(json.dumps(before, sort_keys=True).encode()).decode()


def read_set_aside(restore_command: str) -> dict[str, str | None] | None:
    """What to put back, if the settings are set aside."""
    if not restore_command.startswith(MARK):
        return None
    carried: dict[str, str | None] = json.loads(base64.b64decode(restore_command.removeprefix(MARK)))
    return carried


def set_aside(session: Session) -> dict[str, str | None]:
    """Set both aside on a running server and make it read them; doing it twice is the same as once."""
    rows = {row["name"]: row for row in session.rows(SOURCES, ([RESTORE_COMMAND, RETRY_INTERVAL],))}
    already = read_set_aside(rows[RESTORE_COMMAND]["setting"])
    if already is not None:
        return already
    before = {name: row["setting"] if row["is_automatic"] else None for name, row in rows.items()}
    session.rows(f"ALTER SYSTEM SET {RETRY_INTERVAL} = '{QUICK_RETRY}'")
    session.rows(f"ALTER SYSTEM SET {RESTORE_COMMAND} = {quoted(set_aside_value(before))}")
    session.rows("SELECT pg_reload_conf()")
    return before


def put_back(session: Session) -> bool:
    """Put both back on a running server, if they are set aside; says whether they were."""
    before = read_set_aside(session.value("SELECT setting FROM pg_settings WHERE name = %s", (RESTORE_COMMAND,)))
    if before is None:
        return False
    for name in (RETRY_INTERVAL, RESTORE_COMMAND):
        value = before.get(name)
        change = "RESET {0}" if value is None else "SET {0} = {1}"
        session.rows("ALTER SYSTEM " + change.format(name, quoted(value or "")))
    session.rows("SELECT pg_reload_conf()")
    return True


def quoted(value: str) -> str:
    """A value as PostgreSQL reads it in a statement."""
    return ("E" if "\\" in value else "") + "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


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
    before = read_set_aside(settings.get(RESTORE_COMMAND, ""))
    if before is None:
        return False
    edit_automatic(data_directory, {name: before.get(name) for name in (RETRY_INTERVAL, RESTORE_COMMAND)})
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
