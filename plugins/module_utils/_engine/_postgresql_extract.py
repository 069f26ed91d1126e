# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Parts of a restored copy, written as dumps that an operator can load where he wants them; nothing live is touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._data_owner import give
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import Instance
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    PreconditionError,
)

NAME = re.compile(r"^[^\x00-\x1f\"'/.]{1,63}$")
DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA ", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A database, or a table of one."""

    database: str
    schema: str = ""
    table: str = ""

    def __str__(self) -> str:
        return ".".join(word for word in (self.database, self.schema, self.table) if word)

    @property
    def identifier(self) -> str:
        return f'"{self.schema}"."{self.table}"'


def parts_of(selection: Selection) -> list[Part]:
    """What was selected; refuses what no database server has."""
    if selection.paths:
        raise _bad(
            "paths", selection.paths[0], "Select databases or tables of it, or restore it beside and copy the files"
        )
    parts = [Part(name) for name in selection.databases]
    for name in selection.tables:
        words = name.split(".")
        if len(words) not in (2, 3):
            raise _bad("tables", name, "Give it as database.table or database.schema.table")
        parts.append(Part(words[0], words[1] if len(words) == 3 else "public", words[-1]))
    for part in parts:
        for word in (part.database, part.schema, part.table):
            if word and not NAME.match(word):
                raise _bad("tables" if part.table else "databases", str(part), "Give plain names without quotes")
    return parts


def _bad(option: str, value: str, next_action: str) -> InputError:
    return InputError(
        f"read the option select.{option}", cause=f"{value!r} is no part of a database server", next_action=next_action
    )


def extract(instance: Instance, parts: list[Part], destination: Path) -> list[dict[str, Any]]:
    """One dump for each part, read back: ``{part, file, rows, tables}``; rows are counted in the copy."""
    destination.mkdir(mode=0o700, exist_ok=True)
    give(destination, instance.user)
    return [_extract_one(instance, part, destination / f"{part}.dump") for part in parts]


def _extract_one(instance: Instance, part: Part, file: Path) -> dict[str, Any]:
    rows = _rows_of(instance, part)
    what = f"extract {part} from the copy in {instance.directory}"
    argv = instance.argv("pg_dump", "-Fc", "-f", str(file), *instance.address, "-d", part.database)
    argv += ["-t", part.identifier] if part.table else []
    require_success(run_tool(argv, deadline=instance.deadline), what, next_action="Read the words of pg_dump above")
    listed = run_tool(instance.argv("pg_restore", "--list", str(file)), deadline=instance.deadline)
    tables = len(DATA.findall(listed.stdout))
    if listed.rc != 0 or (part.table and tables == 0):
        raise IntegrityError(
            what,
            cause=f"the dump reads back with {tables} tables: {listed.last_lines[-300:]}",
            next_action="See whether the disk is full, and extract it again from the copy, which runs",
        )
    return {"part": str(part), "file": str(file), "rows": rows, "tables": tables}


def _rows_of(instance: Instance, part: Part) -> int | None:
    """How many rows a table has; a part that is not there is named before anything is written."""
    if not part.table:
        there = instance.ask(f"SELECT count(*) FROM pg_database WHERE datname = '{part.database}'")
        if there != [["1"]]:
            raise _missing(part)
        return None
    there = instance.ask(f"SELECT to_regclass('{part.identifier}') IS NOT NULL", database=part.database)
    if there != [["t"]]:
        raise _missing(part)
    counted = instance.ask(f"SELECT count(*) FROM {part.identifier}", database=part.database)
    return int(counted[0][0]) if counted else None


def _missing(part: Part) -> PreconditionError:
    return PreconditionError(
        f"extract {part}",
        cause="the restored copy has none",
        next_action="Correct the name, or choose an earlier target: it may have been dropped before",
    )
