# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The record that makes stored data a backup: written at once, or by a restic that got ready while it was judged."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    IntegrityError,
    RecoveryError,
)

# Holds the record's stream open until it is told that all of it is written. When the one that should tell it is killed,
# it keeps the stream open as long as restic lives, which has got a signal by then: an end, restic would take for all of
# the record.
HOLDER = 'read -r word || while sleep 1 && printf " "; do :; done'


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
class OpenStream:
    """A stream that ends only when that is asked for, whatever becomes of this process."""

    reading: IO[bytes]
    writing: IO[bytes]
    order: IO[bytes]

    def write(self, text: str, deadline: Deadline) -> None:
        """Raises BrokenPipeError when nobody reads any more, and DeadlineError when he does not go on."""
        rest = memoryview(text.encode())
        while rest:
            # So much is written without waiting when anything may be written at all.
            _reading, is_ready, _failed = select.select([], [self.writing], [], deadline.remaining)
            if not is_ready:
                raise DeadlineError(
                    "hand over the record of a backup",
                    cause="restic does not read it",
                    next_action="Find out what restic waits for, or raise the deadline",
                )
            rest = rest[os.write(self.writing.fileno(), rest[: select.PIPE_BUF]) :]

    def end(self) -> None:
        """All of it is written."""
        # A holder that was killed held nothing open any more.
        with suppress(BrokenPipeError):
            self.order.write(b"now\n")
        self.writing.close()


@contextmanager
def open_stream() -> Iterator[OpenStream]:
    orders, order = os.pipe()
    reading, writing = wide_pipe()
    with (
        open(order, "wb", 0) as giving,
        open(reading, "rb", 0) as stream,
        open(writing, "wb", 0) as sink,
        open(orders, "rb", 0) as taking,
    ):
        holder = subprocess.Popen(["sh", "-c", HOLDER], stdin=taking, stdout=sink, start_new_session=True)
        taking.close()
        try:
            yield OpenStream(stream, sink, giving)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(holder.pid, signal.SIGKILL)
            holder.wait()


@dataclass
class BegunRecord:
    """A restic that opens the repository, which takes most of its time, and stores the record as that is written."""

    tool: Restic
    tags: dict[str, str]
    restic: End
    stream: OpenStream
    is_read: bool = True
    _written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was written so far."""
        return "".join(self._written)

    def write(self, name: str, pieces: Iterable[str]) -> None:
        """Add a member to the record: its value in JSON, in pieces."""
        self._put(f"{', ' if self._written else '{'}{json.dumps(name)}: ")
        for piece in pieces:
            self._put(piece)

    def _put(self, text: str) -> None:
        self._written.append(text)
        try:
            if self.is_read:
                self.stream.write(text, self.tool.deadline)
        except BrokenPipeError:
            self.is_read = False

    def store(self, rest: dict[str, Any], what: str) -> str | None:
        """Add the other members and let it be stored.

        The id of its snapshot. None when nothing was stored and it may be tried anew: the repository was held by
        somebody, or restic ended before it was given all of the record.
        """
        for name, value in rest.items():
            self.write(name, [json.dumps(value)])
        self._put("}")
        is_early = self.restic.is_over
        self.stream.end()
        self.tool.deadline.wait_until(
            what,
            self._is_over,
            bool,
            every_seconds=LOOK_EVERY_SECONDS,
            next_action="Find out what restic waits for, or raise the deadline",
        )
        finished = self.restic.finished()
        if finished.rc != 0 and (is_early or is_held_up(finished.stderr)):
            return None
        require_good(finished, what)
        return stored_whole(finished, self.text, what)

    def _is_over(self) -> bool:
        if not self.restic.is_over and asks_in_vain(self.restic.said_last):
            self.restic.end()
        return self.restic.is_over

    @contextmanager
    def unless_failed(self) -> Iterator[None]:
        """Whoever writes beside a failure is not to wait for a reader any more."""
        try:
            yield
        except BaseException:
            self.give_up()
            raise

    def give_up(self) -> None:
        """Store nothing that was not stored yet, and leave no lock."""
        if not self.restic.is_over:
            self.restic.end()
            # Where nothing may be deleted, the lock stays, and asking once more only takes time.
            if asks_in_vain(self.restic.said_last):
                return
            # restic that is interrupted while it makes its lock leaves that behind.
            with suppress(RecoveryError):
                self.tool.unlock(Deadline(UNLOCK_SECONDS))


@contextmanager
def begun_record(tool: Restic, tags: dict[str, str]) -> Iterator[BegunRecord]:
    """Get restic ready for a record. Nothing is stored unless that is asked for before the end."""
    argv = tool.argv("backup", *record_arguments(tags))
    with open_stream() as stream, running(argv, tool.environment, stdin=stream.reading.fileno()) as restic:
        # Only restic may hold it: who writes is to see its end.
        stream.reading.close()
        begun = BegunRecord(tool, tags, restic, stream)
        try:
            yield begun
        finally:
            begun.give_up()


def read_record(tool: Restic, what: str, snapshot: str) -> dict[str, Any]:
    """What the record of a backup holds, by the snapshot that it lies in. It takes no lock."""
    return understood(record_text(tool, what, snapshot), what)


def record_text(tool: Restic, what: str, snapshot: str, *only: str) -> str:
    """A record as it is stored; ``only`` are restic's own words on which snapshots ``latest`` may be."""
    return tool.require(what, "dump", "--no-lock", *only, snapshot, f"/{RECORD_FILE}").stdout


def understood(text: str, what: str) -> dict[str, Any]:
    """A record, which is one line."""
    content = parsed(text)
    if not content:
        raise IntegrityError(what, cause="its record is not understood", next_action="Use another backup")
    return content
