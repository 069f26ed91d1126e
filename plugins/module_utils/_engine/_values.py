# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What engines take and give: backups, examinations, parts, plans and proofs; nothing in here does anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# What a server says that it is.
PRIMARY, STANDBY, UNKNOWN = "primary", "standby", "unknown"


@dataclass(frozen=True)
class Catalogue:
    """What a repository holds for one engine."""

    records: list[BackupRecord]
    windows: list[dict[str, Any]]
    newest_recovery_point_at: datetime | None
    system_identifier: str
    is_backup_running: bool


@dataclass(frozen=True)
class ServerAnswer:
    """What the live server of this host says of its log, beside what was read from the repository before."""

    state: str
    observed: str
    # Whether all that it had committed when it was asked is in the repository; None when that is not known.
    all_shipped: bool | None = None
    position: str = ""
    unshipped_bytes: int | None = None

    @classmethod
    def unknown(cls, observed: str) -> ServerAnswer:
        return cls(UNKNOWN, observed)

    @classmethod
    def compared(cls, position: str, shipped_until: str, *, more_bytes: int, is_quiet: bool) -> ServerAnswer:
        """Of the server that writes: ``more_bytes`` of log after what is shipped, in which nothing may be changed."""
        if is_quiet:
            return cls(PRIMARY, "all of its log is in the repository", True, position, 0)
        said = f"it has written since: {more_bytes} bytes of its log after {shipped_until} are not in the repository"
        return cls(PRIMARY, said, False, position, more_bytes)


@dataclass(frozen=True)
class Taken:
    """A backup that was just taken, in the tool's own words."""

    id: str
    seconds: float
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Examination:
    """What reading a backup in its repository showed; ``errors`` speak against it."""

    errors: list[str]
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Check:
    """A question to a restored copy and the answer that proves it right.

    One of three: a ``query`` to the server that runs on the copy, a ``command`` that runs in the restored tree and
    ends with 0, or a ``path`` in that tree whose content matches ``pattern``. ``expect`` is what a query returns or a
    command says, None when the exit code is enough.
    """

    name: str
    query: str = ""
    expect: str | None = None
    command: list[str] = field(default_factory=list)
    path: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class Look:
    """What is wanted of a restored copy: answers, and whether every table, index and page is read as well."""

    checks: list[Check] = field(default_factory=list)
    is_thorough: bool = True

    def goes_on(self, answers: list[dict[str, Any]]) -> bool:
        """Whether the copy is still worth to be read through."""
        return self.is_thorough and all(each["passed"] for each in answers)


@dataclass(frozen=True)
class Finding:
    """One line of a preflight: what was looked at, what was seen, what is needed."""

    check: str
    passed: bool
    observed: str
    required: str

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Selection:
    """The part of a backup that is wanted; nothing named means all of it."""

    paths: list[str] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    @property
    def is_everything(self) -> bool:
        return not (self.paths or self.databases or self.tables)

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RestorePlan:
    """A restore that can be done: what from, how far, along which timeline, and which part of it."""

    record: BackupRecord
    target: RecoveryTarget
    timeline: int = 0
    last_segment_lsn: int = 0
    preflight: list[Finding] = field(default_factory=list)
    selection: Selection = field(default_factory=Selection)
    # What has to be written, when that is not all of the backup.
    size_bytes: int | None = None
    # Where data goes that lies outside of the directory; beside that when not said.
    tablespaces: Path | None = None
    # What lies there, by name, and where it was.
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def needed_bytes(self) -> int:
        return self.record.size_bytes if self.size_bytes is None else self.size_bytes


@dataclass(frozen=True)
class Reached:
    """Where a recovery ended, and by what that is proven; files have neither a position nor a timeline."""

    lsn: str | None
    at: str | None
    timeline: int | None
    by: str
    # Where the binary log stood: ``<file>:<position>``.
    log_position: str | None = None

    def as_result(self) -> dict[str, Any]:
        return asdict(self)
