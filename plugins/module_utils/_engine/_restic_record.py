# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The record that makes stored data a backup: written at once, or by a restic that got ready while it was judged."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic, is_held_up
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    RECORD_FILE,
    write_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    UNLOCK_SECONDS,
    parsed,
    require_good,
    stored_by,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_stream import (
    LOOK_EVERY_SECONDS,
    End,
    running,
    wide_pipe,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import asks_in_vain
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, RecoveryError

# Hands the record over once it is told to. When the one that should tell it is killed, it keeps the stream open as
# long as restic lives, which has got a signal by then: an end, restic would take for all of the record.
FEEDER = 'read -r word && exec cat "$0"; while sleep 1 && printf " "; do :; done'


def write_record(tool: Restic, what: str, text: str, tags: dict[str, str]) -> str:
    """Store the record of a backup that was proven whole: from now on it is one. The id of its snapshot."""
    finished = tool.require(what, "backup", *record_arguments(tags), stdin=text)
    return stored_whole(finished, text, what)


def record_arguments(tags: dict[str, str]) -> list[str]:
    return ["--json", *write_tags(tags), "--stdin", "--stdin-filename", RECORD_FILE]


def stored_whole(finished: Finished, text: str, what: str) -> str:
    """The id of the snapshot that holds the record, with every byte that was given."""
    stored, given = stored_by(finished, what), len(text.encode())
    if stored.size_bytes != given:
        raise IntegrityError(
            what,
            cause=f"its record has {given} bytes, restic stored {stored.size_bytes}",
            next_action="Take another backup",
        )
    return stored.id


@dataclass(frozen=True)
class Feeder:
    """A process that holds a stream open, until it is told to hand over what lies in a file."""

    process: subprocess.Popen[bytes]
    file: IO[bytes]
    order: IO[bytes]
    stream: IO[bytes]

    def hand_over(self, text: str) -> None:
        """Let the stream be the text and end after it. Nobody waits here until that is read."""
        self.file.write(text.encode())
        self.file.flush()
        # One that was killed shows by what is missing.
        with suppress(BrokenPipeError):
            self.order.write(b"now\n")


@contextmanager
def feeder() -> Iterator[Feeder]:
    orders, order = os.pipe()
    reading, writing = wide_pipe()
    with tempfile.TemporaryFile() as file, open(order, "wb", 0) as giving, open(reading, "rb", 0) as stream:
        with open(orders, "rb", 0) as taking, open(writing, "wb", 0) as sink:
            process = subprocess.Popen(
                ["sh", "-c", FEEDER, f"/proc/self/fd/{file.fileno()}"],
                stdin=taking,
                stdout=sink,
                pass_fds=(file.fileno(),),
                start_new_session=True,
            )
        try:
            yield Feeder(process, file, giving, stream)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class BegunRecord:
    """A restic that opens the repository, which takes most of its time, and then waits for the record."""

    tool: Restic
    tags: dict[str, str]
    restic: End
    feeder: Feeder

    def store(self, text: str, what: str) -> str | None:
        """The id of the snapshot; None when the repository was held by somebody, and nothing was stored."""
        self.feeder.hand_over(text)
        self.tool.deadline.wait_until(
            what,
            self._is_over,
            bool,
            every_seconds=LOOK_EVERY_SECONDS,
            next_action="Find out what restic waits for, or raise the deadline",
        )
        finished = self.restic.finished()
        if finished.rc != 0 and is_held_up(finished.stderr):
            return None
        require_good(finished, what)
        return stored_whole(finished, text, what)

    def _is_over(self) -> bool:
        if not self.restic.is_over and asks_in_vain(self.restic.said_last):
            self.restic.end()
        return self.restic.is_over

    def give_up(self) -> None:
        """Store nothing that was not stored yet, and leave no lock."""
        if not self.restic.is_over:
            self.restic.end()
            # restic that is interrupted while it makes its lock leaves that behind.
            with suppress(RecoveryError):
                self.tool.unlock(Deadline(UNLOCK_SECONDS))


@contextmanager
def begun_record(tool: Restic, tags: dict[str, str]) -> Iterator[BegunRecord]:
    """Get restic ready for a record. Nothing is stored unless that is asked for before the end."""
    argv = tool.argv("backup", *record_arguments(tags))
    with feeder() as feeding, running(argv, tool.environment, stdin=feeding.stream.fileno()) as restic:
        begun = BegunRecord(tool, tags, restic, feeding)
        try:
            yield begun
        finally:
            begun.give_up()


def read_record(tool: Restic, what: str, snapshot: str) -> dict[str, Any]:
    """What the record of a backup holds, by the snapshot that it lies in. It takes no lock."""
    finished = tool.require(what, "dump", "--no-lock", snapshot, f"/{RECORD_FILE}")
    return understood(finished.stdout, what)


def understood(text: str, what: str) -> dict[str, Any]:
    """A record, which is one line."""
    content = parsed(text)
    if not content:
        raise IntegrityError(what, cause="its record is not understood", next_action="Use another backup")
    return content
