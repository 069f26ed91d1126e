# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Calling pg_dump and pg_restore and understanding what they say: an exit code of 0 is necessary, never sufficient."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    IntegrityError,
    PreconditionError,
    RecoveryError,
    SpaceError,
    ToolError,
    VersionError,
)

DUMPED = re.compile(r"^pg_dump: dumping contents of table ", re.MULTILINE)
READ = re.compile(r"^pg_restore: processing data for table ", re.MULTILINE)
TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA |ATTACH )", re.MULTILINE)
TABLE_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA ", re.MULTILINE)
BAD = re.compile(r"\b(error|fatal|panic):", re.IGNORECASE)

# Nothing is compressed: a compressed stream differs from the first changed row to its end, so that restic, which
# compresses by itself, would store all of it again.
ARCHIVE = ("--format=custom", "--compress=0", "--no-password", "--verbose")
# What an archive does not hold, and what a copy that nobody reaches must not reach either.
LOAD = ("--create", "--clean", "--if-exists", "--exit-on-error", "--no-tablespaces", "--no-subscriptions")
# pg_restore stops behind the last entry. Who reads on sees the end, which only a stream that was whole has.
READ_TO_THE_END = '"$@"; ended=$?; cat >/dev/null; exit $ended'

# What they say, what it means, and what to do. The first pattern that is found decides.
MEANINGS: list[tuple[str, type[RecoveryError], str]] = [
    (
        r"permission denied|authentication failed|FATAL: +role \S+ does not exist",
        AccessError,
        "Run as root or as the user postgres: a dump needs a superuser, since it holds every row and the roles",
    ),
    (
        r"Is the server running|could not connect|connection to server \S+ .*failed",
        PreconditionError,
        "See whether the server runs, and whether port and socket_directory are right",
    ),
    (r"No space left|disk full", SpaceError, "Free space and try again"),
    (
        r"server version mismatch|unsupported version \(",
        VersionError,
        "Set version to that of the server or a newer one",
    ),
    (
        r"extension \S+ is not available|could not open extension control file|could not access file",
        PreconditionError,
        "Install what the database needs on this host, with the server's package of the same version",
    ),
    (
        r"invalid locale name|invalid LC_|locale .*not",
        PreconditionError,
        "Install the locale of the database on this host",
    ),
    (
        r"end of file|not appear to be a valid archive|could not find block ID|unexpected block ID|did not find magic",
        IntegrityError,
        "It is not whole: take another backup, and use another one meanwhile",
    ),
]
UNKNOWN_NEXT_ACTION = "Read its words above; this outcome is not known to be success"


@dataclass(frozen=True)
class Contents:
    """What was recorded of a dump beyond a backup's line in the list."""

    database: str
    tables: int
    database_bytes: int
    roles: str

    def as_content(self) -> dict[str, object]:
        return {
            "database": self.database,
            "tables": self.tables,
            "database_bytes": self.database_bytes,
            "roles": self.roles,
        }

    @classmethod
    def of(cls, content: dict[str, object], what: str) -> Contents:
        try:
            numbers = {name: int(str(content[name])) for name in ("tables", "database_bytes")}
            return cls(str(content["database"]), roles=str(content["roles"]), **numbers)
        except (KeyError, ValueError) as error:
            raise IntegrityError(
                what, cause=f"its record lacks or garbles {error}", next_action="Use another backup"
            ) from error


def require_good(finished: Finished, what: str, *, tool: str) -> None:
    """Raise unless a tool ended with 0 and said nothing bad."""
    if finished.rc != 0 or BAD.search(finished.stderr):
        raise meaning_of(finished.stderr, what, tool=tool, rc=finished.rc)


def meaning_of(words: str, what: str, *, tool: str, rc: int) -> RecoveryError:
    """The error that its words stand for; words that are not known are a failure as well."""
    said, evidence = last_words(words), {"tool": tool, "rc": rc}
    for pattern, kind, next_action in MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(what, cause=said, next_action=next_action, evidence=evidence)
    cause = f"{said or f'{tool} said nothing'} (exit code {rc})"
    return ToolError(what, cause=cause, next_action=UNKNOWN_NEXT_ACTION, evidence=evidence)


def last_words(words: str) -> str:
    """Errors when there are any, or else the end of what it said, on one line."""
    lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
    bad = [line for line in lines if BAD.search(line)]
    return " | ".join(dict.fromkeys((bad or lines)[-6:]))[-1500:]
