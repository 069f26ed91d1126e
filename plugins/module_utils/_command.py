# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Running a tool: argument lists only, secrets by environment or file, a deadline for each call."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    PreconditionError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import ending_with_caller

LISTEN_EVERY_SECONDS = 0.25
LAST_WORDS_SECONDS = 10.0


@dataclass(frozen=True)
class Finished:
    """What a tool left behind; text is decoded losslessly enough to be shown."""

    argv: list[str]
    rc: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def last_lines(self) -> str:
        """The end of what it said, for an error message."""
        lines = [line for line in (self.stdout + "\n" + self.stderr).splitlines() if line.strip()]
        return " | ".join(lines[-20:])


def run_tool(
    argv: list[str],
    *,
    deadline: Deadline,
    environment: dict[str, str] | None = None,
    stdin: str | int | None = None,
    is_in_vain: Callable[[str], bool] | None = None,
    heard: Callable[[str], None] = lambda said: None,
    asked_to_end_by: int = signal.SIGTERM,
) -> Finished:
    """Run a tool to its end and say how it ended; the caller judges the outcome, not the exit code alone.

    A tool that outlives the deadline is ended with its whole process group, and one whose errors show, by
    ``is_in_vain``, that it will never come to an end is asked to end. It does not outlive this process either:
    nobody would judge what it did. Where its errors are listened to, ``heard`` is told all of its output so far,
    again and again. ``stdin`` is what it reads, or a descriptor of that. A tool that is not installed is a
    PreconditionError.
    """
    started = time.monotonic()
    process = _start(argv, environment or {}, stdin, asked_to_end_by)
    try:
        stdout, stderr, is_broken_off = _listen(process, deadline, is_in_vain, heard, asked_to_end_by)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        said = (stdout + stderr).decode(errors="backslashreplace").strip()[-500:]
        raise DeadlineError(
            f"run {argv[0]}",
            cause=f"still running after {deadline.seconds:g} s, last words: {said or 'none'}",
            next_action="Find out what it waits for, or raise the deadline",
            data_state="unknown",
        ) from None
    return Finished(
        argv,
        # However it takes being asked to end, it has not done what it was for.
        process.returncode or (-asked_to_end_by if is_broken_off else 0),
        stdout.decode(errors="backslashreplace"),
        stderr.decode(errors="backslashreplace"),
        time.monotonic() - started,
    )


def _start(
    argv: list[str], environment: dict[str, str], stdin: str | int | None, ends_by: int
) -> subprocess.Popen[bytes]:
    """The tool, with what it reads in a file that has no name: nobody has to hand it over piece by piece."""
    with tempfile.TemporaryFile() as given:
        if isinstance(stdin, str):
            given.write(stdin.encode())
            given.seek(0)
        try:
            return subprocess.Popen(
                argv,
                stdin=given if isinstance(stdin, str) else subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
                start_new_session=True,
                preexec_fn=ending_with_caller(ends_by),
            )
        except OSError as error:
            raise PreconditionError(
                f"run {argv[0]}", cause=str(error), next_action=f"Install {argv[0]} or correct its path"
            ) from error


def _listen(
    process: subprocess.Popen[bytes],
    deadline: Deadline,
    is_in_vain: Callable[[str], bool] | None,
    heard: Callable[[str], None],
    ends_by: int,
) -> tuple[bytes, bytes, bool]:
    """What it says to its end, and whether that came early because it went on in vain: it may take its locks away."""
    patience: Deadline | None = None
    while True:
        try:
            wait = deadline.remaining if is_in_vain is None else min(LISTEN_EVERY_SECONDS, deadline.remaining)
            return *process.communicate(timeout=wait), patience is not None
        except subprocess.TimeoutExpired as silence:
            if is_in_vain is None or deadline.is_over:
                raise
            heard((silence.stdout or b"").decode(errors="backslashreplace"))
            said = (silence.stderr or b"").decode(errors="backslashreplace")
            if patience is None and is_in_vain(said):
                os.killpg(process.pid, ends_by)
                patience = Deadline(LAST_WORDS_SECONDS)
            elif patience is not None and patience.is_over:
                os.killpg(process.pid, signal.SIGKILL)


def require_success(finished: Finished, what: str, *, next_action: str) -> Finished:
    """For tools whose exit code 0 is necessary (never sufficient): anything else is a ToolError."""
    if finished.rc != 0:
        raise ToolError(
            what,
            cause=f"{finished.argv[0]} ended with {finished.rc}: {finished.last_lines or 'it said nothing'}",
            next_action=next_action,
            evidence={"tool": finished.argv[0], "rc": finished.rc},
        )
    return finished
