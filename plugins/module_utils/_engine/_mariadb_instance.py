# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A MariaDB server of our own on a restored directory: cut off from everything, asked over its own socket."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    Programs,
    process_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    InputError,
    IntegrityError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import ending_with_caller

# What is ours in the directory: the server is told that this is no database.
OWN = ".recovery"
# Where the files to be replayed lie.
LOGS = "logs"
# The copy writes a log of its own while it replays: by that the server itself says how far it came.
OWN_LOG = "replayed"
SOCKET = "mysqld.sock"
LONGEST_SOCKET_PATH = 107
# How the files of InnoDB are laid out, which mariadb-backup wrote down.
LAYOUT_FILE = "backup-my.cnf"
LAYOUT = re.compile(r"^innodb_(data_file_path|page_size|undo_directory|undo_tablespaces|checksum_algorithm)=.*$", re.M)
UNCHECKED = re.compile(r"^note\s*: The storage engine for the table doesn't support check")
LISTENS = "ready for connections"
GONE_WELL = "Shutdown complete"
STOP_SECONDS = 120.0


@dataclass(frozen=True)
class Instance:
    """One server on one directory."""

    directory: Path
    programs: Programs
    names_are_lower_case: int = 0

    @property
    def own(self) -> Path:
        return self.directory / OWN

    @property
    def socket(self) -> Path:
        return self.directory / SOCKET

    @property
    def log(self) -> Path:
        return self.own / "server.log"

    @property
    def process_id(self) -> int | None:
        return process_of(self.directory)

    @property
    def log_text(self) -> str:
        try:
            return self.log.read_text(encoding="utf-8", errors="backslashreplace")
        except OSError:
            return ""

    @property
    def last_words(self) -> str:
        return " | ".join(self.log_text.splitlines()[-8:]) or "its log is empty"

    def make_room(self) -> None:
        """The place for what is ours."""
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise InputError(
                f"start a server in {self.directory}",
                cause=f"the path of its socket has {len(str(self.socket))} characters, {LONGEST_SOCKET_PATH} fit",
                next_action="Choose a directory with a shorter path, or a shorter run_id",
            )
        self.own.mkdir(mode=0o700, exist_ok=True)
        self.programs.own(self.own)

    def settings(self, *arguments: str, port: int | None) -> list[str]:
        """The whole configuration: none of the host's is read."""
        layout = [f"--{each[0]}" for each in LAYOUT.finditer(self._layout)]
        listening = ["--skip-networking"] if port is None else ["--bind-address=127.0.0.1", f"--port={port}"]
        return [
            "--no-defaults",
            f"--datadir={self.directory}",
            f"--socket={self.socket}",
            f"--pid-file={self.own / 'server.pid'}",
            f"--log-error={self.log}",
            f"--ignore-db-dirs={OWN}",
            f"--lower-case-table-names={self.names_are_lower_case}",
            "--skip-slave-start",
            "--event-scheduler=OFF",
            "--default-time-zone=+00:00",
            "--max-allowed-packet=1073741824",
            "--log-bin-trust-function-creators=ON",
            *layout,
            *listening,
            *arguments,
        ]

    @property
    def _layout(self) -> str:
        try:
            return (self.directory / LAYOUT_FILE).read_text(encoding="utf-8")
        except OSError:
            return ""

    def start(self, *arguments: str, port: int | None = None, outlives_us: bool = False) -> None:
        """Start it and wait until it answers. It is ended with this process, unless it is what was wanted."""
        self.make_room()
        self.log.unlink(missing_ok=True)
        argv = self.programs.argv("mariadbd", *self.settings(*arguments, port=port))
        process = subprocess.Popen(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=None if outlives_us else ending_with_caller(self.ends_by),
        )

        def answers() -> bool:
            if process.poll() is not None:
                raise IntegrityError(
                    f"start the restored copy in {self.directory}",
                    cause=f"MariaDB gave up: {self.last_words}",
                    next_action="Choose another target or an earlier backup",
                    evidence={"log": self.log_text.splitlines()[-20:]},
                )
            return self._pings()

        self.programs.deadline.wait_until(
            f"start the restored copy in {self.directory}",
            answers,
            bool,
            every_seconds=0.03,
            next_action="Read its log, or raise the deadline",
        )

    @property
    def ends_by(self) -> signal.Signals:
        """What ends it when we are killed; of a copy that nobody waits for any more nothing has to be kept.

        MariaDB 10.11 that is asked to end when it has opened its data and does not listen yet hangs for good, and
        hears no second request either. What starts it as somebody else cannot pass a SIGKILL on: it passes a request
        on, and kills a server that is still there two seconds later.
        """
        return signal.SIGTERM if self.programs.are_away else signal.SIGKILL

    def _pings(self) -> bool:
        """Whether it accepts connections; that it knows nobody yet is an answer as well."""
        if not self.socket.exists():
            return False
        finished = self.programs.run("mariadb", *self.client_arguments(), stdin="SELECT 1;")
        return finished.rc == 0 or "ERROR 1045" in finished.stderr or "ERROR 1698" in finished.stderr

    def client_arguments(self) -> list[str]:
        return [
            "--no-defaults",
            f"--socket={self.socket}",
            "--user=root",
            "--batch",
            "--skip-column-names",
            "--binary-mode",
            "--max-allowed-packet=1073741824",
        ]

    def ask(self, query: str, *, database: str = "") -> list[list[str]]:
        """Rows of text."""
        arguments = [*self.client_arguments(), *([f"--database={database}"] if database else [])]
        finished = self.programs.run("mariadb", *arguments, stdin=query)
        if finished.rc != 0:
            raise ToolError(
                f"question the copy in {self.directory}",
                cause=finished.last_lines,
                next_action="Correct the query, or see whether the data it asks for was backed up",
            )
        return [line.split("\t") for line in finished.stdout.splitlines()]

    def check_tables(self, *how: str) -> str:
        """Every table and index of every database; raises when one is damaged."""
        arguments = ["--no-defaults", f"--socket={self.socket}", "--user=root", "--all-databases", "--check", *how]
        finished = self.programs.run("mariadb-check", *arguments)
        lines = [line for line in finished.stdout.splitlines() if line.strip()]
        good = [line for line in lines if re.search(r"\sOK$", line)]
        # A table that has nothing to check, such as one in memory, is named on one line and excused on the next.
        excused = [line for line in lines if UNCHECKED.match(line)]
        named = [line for line in lines if line not in good and line not in excused]
        if finished.rc != 0 or not good or len(named) != len(excused):
            raise IntegrityError(
                f"check tables and indexes of the copy in {self.directory}",
                cause=" | ".join([*named, *excused][-20:]) or finished.last_lines or "no table was checked",
                next_action="Restore another backup and compare; take a new full backup",
            )
        return f"{len(good)} tables are consistent"

    def stop(self) -> None:
        """Stop cleanly; a server that will not is ended and that is said.

        One that says itself that it still starts is killed: it would hang.
        """
        process_id = self.process_id
        if process_id is None:
            return
        said = self.log_text
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGTERM if not said or LISTENS in said else signal.SIGKILL)
        try:
            # A deadline of its own: nothing of ours may stay running when the other one is over.
            Deadline(STOP_SECONDS).wait_until(
                f"stop the copy in {self.directory} cleanly",
                lambda: self.process_id,
                lambda seen: seen is None,
                every_seconds=0.03,
                next_action="Do not use this copy; restore again",
            )
        except DeadlineError:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
            raise

    def require_clean_end(self) -> None:
        """The server itself must have said that it ended in order."""
        if GONE_WELL not in self.log_text:
            raise IntegrityError(
                f"stop the copy in {self.directory} cleanly",
                cause=self.last_words,
                next_action="Do not use this copy; restore again",
            )

    def forget_replay(self) -> None:
        """Take away the log that was replayed and the one that was written meanwhile."""
        shutil.rmtree(self.own / LOGS, ignore_errors=True)
        for path in self.own.glob(f"{OWN_LOG}.*"):
            path.unlink()

    def clear(self) -> None:
        """Take away what is ours."""
        shutil.rmtree(self.own, ignore_errors=True)
        self.socket.unlink(missing_ok=True)
