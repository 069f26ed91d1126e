# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Making a data directory out of a chain of backups, questioning the copy, and taking a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_backup import (
    is_done,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_instance import (
    LAYOUT_FILE,
    Instance,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    HISTORY_FILE,
    History,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    Programs,
    identity_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check, Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

NOTES = ("xtrabackup_*", "mariadb_backup_*", LAYOUT_FILE)
POSITION_FILES = ("mariadb_backup_binlog_info", "xtrabackup_binlog_info")
DUMPED = "-- Dump completed"


def prepare(programs: Programs, directory: Path, increment: Path | None = None) -> None:
    """Make what was copied while the server wrote consistent; its last word decides."""
    arguments = ["--no-defaults", "--prepare", f"--target-dir={directory}"]
    arguments += [] if increment is None else [f"--incremental-dir={increment}"]
    finished = programs.run("mariadb-backup", *arguments)
    if finished.rc != 0 or not is_done(finished.stderr):
        raise meaning_of(finished.stderr, f"prepare the copy in {directory}", finished.rc)


def require_prepared(directory: Path, record: BackupRecord) -> None:
    """Raise unless the directory holds exactly what the record says."""
    identity = identity_of(directory)
    found = next((directory / name for name in POSITION_FILES if (directory / name).exists()), None)
    fields = found.read_text(encoding="utf-8").split() if found is not None else []
    position = f"{Path(fields[0]).name}:{fields[1]}" if len(fields) > 1 else ""
    if identity != record.system_identifier or position != record.log_position:
        raise IntegrityError(
            f"restore backup {record.id} into {directory}",
            cause=f"it says to be system {identity} at {position or 'no position'}, "
            f"wanted is {record.system_identifier} at {record.log_position or 'no position'}",
            next_action="Use another backup",
        )


def settle(instance: Instance, history: History) -> None:
    """Make a proven and stopped copy ready to be the live data: nothing of ours but its history stays."""
    instance.clear()
    for pattern in NOTES:
        for path in instance.directory.glob(pattern):
            path.unlink()
    write_durably(instance.directory / HISTORY_FILE, history.as_text() + "\n", 0o640)
    instance.programs.own(instance.directory)


def next_log_number(basename: str, live: Path) -> int:
    """The number of the file that the server will begin with: after the highest that lies there."""
    path = Path(basename)
    if not basename or path.parent == live or live in path.parent.parents:
        # What lies in the data directory is kept aside with it.
        return 1
    endings = [each.name.rpartition(".")[2] for each in path.parent.glob(f"{path.name}.*")]
    return 1 + max((int(ending) for ending in endings if ending.isdigit()), default=0)


def question(instance: Instance, checks: list[Check], default_database: str) -> list[dict[str, Any]]:
    """Every check with the answer it got; an answer other than the expected one is the caller's to judge."""
    answers = []
    for check in checks:
        rows = instance.ask(check.query, database=default_database)
        observed = "\n".join("\t".join(row) for row in rows)
        passed = observed == check.expect
        answers.append({"name": check.name, "passed": passed, "observed": observed, "expected": check.expect})
    return answers


def look_through(instance: Instance) -> dict[str, str]:
    """Every row, index and page of a copy, whose server is stopped for the pages: ``{structure, pages}``."""
    structure = instance.check_tables("--extended")
    instance.stop()
    instance.require_clean_end()
    pages = check_pages(instance.programs, instance.directory)
    return {"structure": structure, "pages": pages}


def check_pages(programs: Programs, directory: Path) -> str:
    """The checksum of every page of the tables of a stopped copy."""
    files = sorted(directory.rglob("*.ibd"))
    for path in files:
        finished = programs.run("innochecksum", str(path))
        if finished.rc != 0 or "Fail" in finished.stderr:
            raise IntegrityError(
                f"check the pages of {path}",
                cause=finished.last_lines,
                next_action="Use another backup; take a new full one",
            )
    return f"{len(files)} files, all pages with the right checksum"


def require_possible(wanted: dict[str, list[str]], *, is_in_place: bool) -> None:
    """Raise for a part that cannot be taken out of a server, or would have to replace what is there."""
    what = "read the option select"
    wrong = [table for table in wanted["tables"] if table.count(".") != 1 or not all(table.split("."))]
    if wrong:
        raise InputError(what, cause=f"{wrong[0]!r} names no table", next_action="Give tables as database.table")
    if is_in_place and any(wanted.values()):
        raise InputError(
            what,
            cause="a part is not put in place: it would replace what is there now",
            next_action="Restore it beside, and load its dump under another name",
        )


def extract(instance: Instance, selection: Selection, destination: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The wanted parts of a running copy as dumps (``{part, file, rows, tables}``), and notes for the operator."""
    destination.mkdir(mode=0o700)
    instance.programs.own(destination)
    found, left_out = [], []
    for database in selection.databases:
        broken = broken_views(instance, database)
        left_out += [f"{database}.{view}" for view in broken]
        found.append(dump(instance, database, "", destination, broken))
    for database, _dot, table in (each.partition(".") for each in selection.tables):
        found.append(dump(instance, database, table, destination, []))
    return found, [f"The view {view} refers to what is not there, and is not in the dump" for view in left_out]


def broken_views(instance: Instance, database: str) -> list[str]:
    """The views that refer to what is not there: one of them would end a dump of the whole database."""
    listed = (
        "SELECT TABLE_NAME FROM information_schema.TABLES "
        f"WHERE TABLE_TYPE = 'VIEW' AND HEX(TABLE_SCHEMA) = '{database.encode().hex().upper()}';"
    )
    names = [row[0] for row in instance.ask(listed)]
    checked = {name: instance.ask(f"CHECK TABLE {identifier(database)}.{identifier(name)};") for name in names}
    return [name for name, rows in checked.items() if any(row[2].lower() == "error" for row in rows if len(row) > 2)]


def identifier(name: str) -> str:
    """A name as SQL wants it when it may hold anything."""
    return "`" + name.replace("`", "``") + "`"


def dump(instance: Instance, database: str, table: str, directory: Path, left_out: list[str]) -> dict[str, Any]:
    """One database or table as statements that name no database and never replace a table that is there."""
    name = quote(database, safe="") + (f".{quote(table, safe='')}" if table else "")
    target = directory / f"{name}.sql"
    arguments = ["--no-defaults", f"--socket={instance.socket}", "--user=root", "--single-transaction", "--hex-blob"]
    arguments += ["--skip-add-drop-table", "--default-character-set=utf8mb4", "--triggers", "--tz-utc"]
    arguments += [] if table else ["--routines", "--events"]
    arguments += [f"--ignore-table={database}.{view}" for view in left_out]
    arguments += [f"--result-file={target}", "--", database, *([table] if table else [])]
    finished = instance.programs.run("mariadb-dump", *arguments)
    what = f"take {name} out of the copy in {instance.directory}"
    if "Unknown database" in finished.stderr or "Couldn't find table" in finished.stderr:
        raise InputError(
            what, cause="it is not in the data at that moment", next_action="Correct the name, or choose another target"
        )
    with target.open("rb") as stream:
        stream.seek(max(target.stat().st_size - 200, 0))
        ending = stream.read().decode(errors="backslashreplace")
    if finished.rc != 0 or DUMPED not in ending:
        raise ToolError(what, cause=finished.last_lines or "the dump has no end", next_action="Try again")
    with target.open("rb") as stream:
        tables = sum(1 for words in stream if words.startswith(b"CREATE TABLE "))
    return {"part": name, "file": str(target), "rows": None, "tables": tables}
