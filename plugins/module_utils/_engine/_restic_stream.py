# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Streams into and out of restic: both ends are judged before the stream may end, so a dying one leaves nothing."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import ending_with_caller

LOOK_EVERY_SECONDS = 0.02
# /proc/sys/fs/pipe-max-size, as Linux sets it.
PIPE_BYTES = 1024 * 1024
LAST_WORDS_SECONDS = 10.0
HEARD_BYTES = 8192
MOMENT_SECONDS = 0.2

# Raises when what a process said and how it ended is not known to be success.
Judge = Callable[[Finished], None]


@dataclass
class End:
    """One end of a pipe: a running process, and files that take what it says."""

    argv: list[str]
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]
    stdout: IO[bytes]
    started: float
    is_broken_off: bool = False

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    @property
    def said_last(self) -> str:
        """The end of its errors so far. It still writes there, so nothing may be moved."""
        descriptor = self.stderr.fileno()
        begin = max(os.fstat(descriptor).st_size - HEARD_BYTES, 0)
        return os.pread(descriptor, HEARD_BYTES, begin).decode(errors="backslashreplace")

    def finished(self) -> Finished:
        def text(file: IO[bytes]) -> str:
            file.seek(0)
            return file.read().decode(errors="backslashreplace")

        seconds = time.monotonic() - self.started
        # However it takes being interrupted, it has not done what it was for.
        rc = self.process.wait() or (-signal.SIGINT if self.is_broken_off else 0)
        return Finished(self.argv, rc, text(self.stdout), text(self.stderr), seconds)

    def end(self) -> None:
        """Interrupt it, so that it takes its lock away; then kill it with all that it started."""
        if self.is_over:
            return
        self.is_broken_off = True
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(LAST_WORDS_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def running(
    argv: list[str], environment: dict[str, str], *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[End]:
    """One end for a while: whatever happens inside, it is not left behind.

    What it says beside the stream is kept in files, so that it never waits for a reader.
    """
    with tempfile.TemporaryFile() as stderr, tempfile.TemporaryFile() as own_stdout:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=own_stdout if stdout is None else stdout,
                stderr=stderr,
                env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
                start_new_session=True,
                preexec_fn=ending_with_caller(signal.SIGINT),
            )
        except OSError as error:
            raise PreconditionError(
                f"run {argv[0]}", cause=str(error), next_action=f"Install {argv[0]} or correct its path"
            ) from error
        end = End(argv, process, stderr, own_stdout, time.monotonic())
        try:
            yield end
        finally:
            end.end()


def pipe(
    source: tuple[list[str], dict[str, str]],
    sink: tuple[list[str], dict[str, str]],
    *,
    judge_source: Judge,
    judge_sink: Judge,
    deadline: Deadline,
    is_in_vain: Callable[[str], bool] = lambda said: False,
) -> tuple[Finished, Finished]:
    """Let one process write into another. The sink sees the end of the stream only after the source was judged good.

    This process keeps the writing end open. A source that failed is therefore never mistaken for one that
    finished: the sink is interrupted before it could complete what it writes. An end whose errors show, by
    ``is_in_vain``, that it will never come to an end is interrupted as well.
    """

    def is_over(end: End) -> bool:
        if not end.is_over and is_in_vain(end.said_last):
            end.end()
        return end.is_over

    reading, writing = wide_pipe()
    held: list[int] = [reading, writing]
    try:
        with running(source[0], source[1], stdout=writing) as first, running(sink[0], sink[1], stdin=reading) as second:
            os.close(held.pop(0))
            _wait(deadline, lambda: is_over(first) or is_over(second), source[0], sink[0])
            if first.is_over and first.process.returncode:
                # Who closes a pipe ends a moment later than who writes into it.
                with suppress(subprocess.TimeoutExpired):
                    second.process.wait(MOMENT_SECONDS)
            if second.is_over:
                # It cannot have seen the end: whatever it says, it broke off.
                judge_sink(second.finished())
                first.end()
            produced = first.finished()
            judge_source(produced)
            os.close(held.pop())
            _wait(deadline, lambda: is_over(second), source[0], sink[0])
            consumed = second.finished()
            judge_sink(consumed)
            return produced, consumed
    finally:
        for descriptor in held:
            os.close(descriptor)


def wide_pipe() -> tuple[int, int]:
    """A pipe that holds as much as a user without rights may let one hold: the ends wait for each other less often."""
    reading, writing = os.pipe()
    # A user whose pipes hold much already gets one as it comes.
    with suppress(OSError):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def _wait(deadline: Deadline, is_reached: Callable[[], bool], source: list[str], sink: list[str]) -> None:
    deadline.wait_until(
        f"stream {source[0]} into {sink[0]}",
        is_reached,
        bool,
        every_seconds=LOOK_EVERY_SECONDS,
        next_action="Find out what it waits for, or raise the deadline",
    )
