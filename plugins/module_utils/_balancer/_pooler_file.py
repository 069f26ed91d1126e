# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The databases file of PgBouncer: one entry changed, everything else kept as it stands. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError

ENTRY = re.compile(r"""^\s*(?P<name>"(?:[^"]|"")+"|[^\s=;#\[%]+)\s*=\s*(?P<target>.*?)\s*$""")
PART = re.compile(r"""(?P<key>\w+)\s*=\s*(?P<value>'(?:[^']|'')*'|[^\s']\S*|)(?:\s+|$)""")


@dataclass(frozen=True)
class EntryTarget:
    """Where an entry points."""

    host: str
    port: int
    database: str

    def __str__(self) -> str:
        return f"{self.database} at {self.host}:{self.port}"


def target_of(text: str, entry: str) -> EntryTarget:
    """Where the entry points according to the file."""
    parts = dict(_parts(_line_of(text, entry)[1], entry))
    return EntryTarget(parts.get("host", ""), int(parts.get("port", "5432")), parts.get("dbname", entry))


def with_target(text: str, entry: str, target: EntryTarget) -> str:
    """The file with the entry pointing elsewhere; its other settings, the other lines and their order stay."""
    number, line = _line_of(text, entry)
    parts = _parts(line, entry)
    wanted = {"host": target.host, "port": str(target.port)}
    if dict(parts).get("dbname", entry) != target.database:
        wanted["dbname"] = target.database
    changed = [(key, wanted.pop(key, value)) for key, value in parts]
    changed = [*wanted.items(), *changed]
    lines = text.splitlines()
    name = line[: line.index("=")].rstrip()
    lines[number] = f"{name} = " + " ".join(f"{key}={_written(value)}" for key, value in changed)
    return "\n".join(lines) + "\n"


def _line_of(text: str, entry: str) -> tuple[int, str]:
    names = []
    for number, line in enumerate(text.splitlines()):
        found = ENTRY.match(line)
        if found:
            name = found["name"].strip('"').replace('""', '"')
            if name == entry:
                return number, line
            names.append(name)
    raise InputError(
        f"find the entry {entry} in the databases file",
        cause=f"it has {', '.join(names) or 'none'}",
        next_action="Correct the entry, or add it to the file",
    )


def _parts(line: str, entry: str) -> list[tuple[str, str]]:
    """The settings of an entry; anything that is not fully understood is never rewritten."""
    found = ENTRY.match(line)
    target = found["target"] if found else ""
    parts, position = [], 0
    while position < len(target):
        part = PART.match(target, position)
        if part is None:
            raise PreconditionError(
                f"read the entry {entry} of the databases file",
                cause=f"not of the form key=value at column {position + 1} of its settings",
                next_action="Put the entry right by hand",
                code="DR-POOL",
            )
        value = part["value"]
        parts.append((part["key"], value[1:-1].replace("''", "'") if value.startswith("'") else value))
        position = part.end()
    return parts


def _written(value: str) -> str:
    if re.fullmatch(r"[^\s']+", value):
        return value
    return "'" + value.replace("'", "''") + "'"
