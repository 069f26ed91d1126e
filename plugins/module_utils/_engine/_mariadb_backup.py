# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Calling mariadb-backup and understanding what it says: it streams the data, and its last word decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    gtids_text,
    parse_gtids,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    IntegrityError,
    PreconditionError,
    RecoveryError,
    SpaceError,
    ToolError,
    VersionError,
)

DONE = "completed OK!"
# The tool was renamed, and so are its files since MariaDB 11.
CHECKPOINT_FILES = ("mariadb_backup_checkpoints", "xtrabackup_checkpoints")
INFO_FILES = ("mariadb_backup_info", "xtrabackup_info")
POSITION = re.compile(r"filename '([^']*)', position '(\d+)'(?:, GTID of the last change '([^']*)')?")

# What mariadb-backup says, what it means, and what to do. The first pattern that is found decides.
MEANINGS: list[tuple[str, type[RecoveryError], str]] = [
    (
        r"Access denied|errno: 13\b|Permission denied",
        AccessError,
        "Run as a user who may read the data directory, and whom the server knows with RELOAD, PROCESS, LOCK TABLES "
        "and BINLOG MONITOR",
    ),
    (
        r"Can't connect|Failed to connect",
        PreconditionError,
        "See whether the server runs and whether engine.mariadb.socket is right",
    ),
    (r"No space left|Disk full|errno: 28\b", SpaceError, "Free space and try again"),
    (
        r"redo log.*(overwritten|wrap)|log block.*mismatch|InnoDB: Missing FILE_CHECKPOINT|Was only able to copy log",
        ToolError,
        "Enlarge innodb_log_file_size: the server overwrote its log before it was copied",
    ),
    (
        r"different base|incremental.*lsn.*(match|expected)|This incremental backup seems not to be proper",
        IntegrityError,
        "The chain is broken: take a full backup",
    ),
    (r"encrypt", VersionError, "Encrypted tables are not supported: see the documentation of the engine"),
    (r"page corruption|is corrupted|checksum mismatch", IntegrityError, "Check the tables of the server"),
]
UNKNOWN_NEXT_ACTION = "Read its words above; this outcome is not known to be success"


@dataclass(frozen=True)
class Info:
    """What mariadb-backup wrote down of a backup that it finished."""

    backup_type: str
    from_lsn: int
    to_lsn: int
    last_lsn: int
    server_version: str
    position: LogPosition | None
    gtids: str


def backup_argv(
    program: list[str], credentials: list[str], *, data: Path, socket: Path, notes: Path, jobs: int | None, lsn: int
) -> list[str]:
    """A backup to standard output; an LSN of 0 means a full one."""
    argv = [*program, *credentials, "--backup", "--stream=mbstream", f"--datadir={data}", f"--socket={socket}"]
    argv += [f"--extra-lsndir={notes}", f"--target-dir={notes}"]
    argv += [] if jobs is None else [f"--parallel={jobs}"]
    return argv + ([f"--incremental-lsn={lsn}"] if lsn else [])


def is_done(words: str) -> bool:
    """The last line says so, or it is not."""
    lines = [line for line in words.splitlines() if line.strip()]
    return bool(lines) and lines[-1].endswith(DONE)


def meaning_of(words: str, what: str, rc: int) -> RecoveryError:
    """The error that its words stand for; words that are not known are a failure as well."""
    said = last_words(words)
    for pattern, kind, next_action in MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(what, cause=said, next_action=next_action, evidence={"tool": "mariadb-backup", "rc": rc})
    cause = said or "mariadb-backup said nothing"
    evidence = {"tool": "mariadb-backup", "rc": rc}
    return ToolError(what, cause=f"{cause} (exit code {rc})", next_action=UNKNOWN_NEXT_ACTION, evidence=evidence)


def last_words(words: str) -> str:
    """Errors when there are any, or else the end of what it said, on one line."""
    lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
    bad = [line for line in lines if re.search(r"error|fatal|failed|denied|can't", line, re.IGNORECASE)]
    return " | ".join(dict.fromkeys((bad or lines)[-6:]))[-1500:]


def read_info(notes: Path, what: str) -> Info:
    """The notes of a finished backup; a missing or garbled field is a failure."""
    try:
        checkpoints = fields_of(first_of(notes, CHECKPOINT_FILES))
        info = fields_of(first_of(notes, INFO_FILES))
        found = POSITION.search(info.get("binlog_pos", ""))
        position = LogPosition.parse(f"{Path(found[1]).name}:{found[2]}") if found and found[1] else None
        return Info(
            backup_type=checkpoints["backup_type"],
            from_lsn=int(checkpoints["from_lsn"]),
            to_lsn=int(checkpoints["to_lsn"]),
            last_lsn=int(checkpoints["last_lsn"]),
            server_version=info["server_version"],
            position=position,
            gtids=gtids_text(parse_gtids(found[3] or "")) if found else "",
        )
    except (OSError, KeyError, ValueError) as error:
        raise ToolError(
            what,
            cause=f"the notes of mariadb-backup lack or garble {error}",
            next_action="Compare the version of mariadb-backup with the ones that are supported",
        ) from error


def first_of(directory: Path, names: tuple[str, ...]) -> str:
    path = next((directory / name for name in names if (directory / name).exists()), directory / names[-1])
    return path.read_text(encoding="utf-8", errors="backslashreplace")


def fields_of(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _separator, value in pairs}
