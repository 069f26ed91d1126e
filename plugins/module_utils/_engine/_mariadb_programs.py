# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""MariaDB's programs, where they are and as which user they run, and what its data directory says of itself."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import struct
import uuid
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._data_owner import give
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    VersionError,
)

# Debian keeps the server where an ordinary user's path does not lead.
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/bin"])
NAMES = ("mariadbd", "mariadb-backup", "mariadb-binlog", "mariadb-check", "mariadb-dump", "mariadb", "mbstream")
SERIES = re.compile(r"\b(\d+\.\d+)\.\d+-MariaDB")
CONTROL_FILE = "aria_log_control"
CONTROL_MAGIC = b"\xfe\xfe\x0c"
LOCK = struct.Struct("hhqqi4x")


@dataclass(frozen=True)
class Programs:
    """The programs of one series, run as the user who owns the data."""

    series: str
    user: str
    deadline: Deadline

    def path(self, name: str) -> str:
        found = shutil.which(name, path=PLACES)
        if found is None:
            raise PreconditionError(
                f"run {name}",
                cause="it is not installed",
                next_action=f"Install the server and mariadb-backup of MariaDB {self.series}",
            )
        return found

    def argv(self, name: str, *arguments: str) -> list[str]:
        """The command line; root gives itself up for the owner of the data."""
        away = ["runuser", "-u", self.user, "--"] if self.are_away else []
        return [*away, self.path(name), *arguments]

    @property
    def are_away(self) -> bool:
        """Whether they run as somebody else, below a program that starts them as such and passes on what it is told."""
        return os.geteuid() == 0

    def run(self, name: str, *arguments: str, stdin: str | None = None) -> Finished:
        return run_tool(self.argv(name, *arguments), deadline=self.deadline, stdin=stdin)

    def require_series(self, what: str) -> None:
        """Raise unless every program is there and the server and the backup tool are of the series."""
        for name in NAMES:
            self.path(name)
        for name in ("mariadbd", "mariadb-backup"):
            finished = run_tool([self.path(name), "--no-defaults", "--version"], deadline=self.deadline)
            found = SERIES.search(finished.stdout + finished.stderr)
            if found is None or found[1] != self.series:
                raise VersionError(
                    what,
                    cause=f"{name} is of {found[1] if found else 'an unknown version'}, wanted is {self.series}",
                    next_action=f"Install MariaDB {self.series}, or set engine.mariadb.version to what is installed",
                )

    def own(self, directory: Path) -> None:
        """Give a directory of ours, with all in it, to the user who runs the server."""
        give(directory, self.user)


def series_of(server_version: str) -> str:
    """``10.11`` of ``10.11.6-MariaDB-0+deb12u1-log``."""
    found = re.match(r"(\d+\.\d+)\.", server_version)
    return found[1] if found else ""


def identity_of(directory: Path) -> str | None:
    """The identity that Aria gave a data directory when it was made; None when there is none.

    MariaDB has no system identifier. Its control file of Aria, which every server since 10.4 has for its own
    tables, carries a UUID that mariadb-backup copies and that nothing changes afterwards.
    """
    try:
        with (directory / CONTROL_FILE).open("rb") as stream:
            head = stream.read(20)
    except OSError:
        return None
    if len(head) < 20 or not head.startswith(CONTROL_MAGIC):
        return None
    found = uuid.UUID(bytes=head[4:20])
    return str(found) if found.int else None


def require_identity(directory: Path) -> str:
    """The identity, or an error: without one nobody could tell this server from another."""
    found = identity_of(directory)
    if found is None:
        raise IntegrityError(
            f"read the identity of the data in {directory}",
            cause=f"{CONTROL_FILE} is missing there, cannot be read, or carries none",
            next_action="Correct engine.mariadb.data_directory, or run as a user who may read it",
        )
    return found


def process_of(directory: Path) -> int | None:
    """The process that holds a data directory's control file locked, as every running server does."""
    try:
        descriptor = os.open(directory / CONTROL_FILE, os.O_RDONLY)
    except OSError:
        return None
    try:
        asked = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _whence, _start, _length, process_id = LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else process_id
