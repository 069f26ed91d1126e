# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A process that outlives this one, to release an application that was held still by one that was killed.

It reads a pipe whose other end only this process has. What is written there says how far the holding came; that
nothing more will come, without the last word, says that this process is gone and has not released.
"""

from __future__ import annotations

import os
import select
import signal
import syslog
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import (
    order_end,
    own_process,
    process_started,
)

QUIESCED, RELEASED = b"q", b"r"
# What a quiesce of ours and all that it starts carry in their environment.
MARK = "RECOVERY_HELD_BY"
# Beside the pipe, in case something that this process started has its end as well.
LOOK_EVERY_SECONDS = 1.0
GRACE_SECONDS = 5.0
PAUSES_SECONDS = (0.0, 2.0, 10.0, 30.0, 60.0)
LOG_NAME = "recovery-hooks"


@dataclass(frozen=True)
class DeadMan:
    """What the process that is watched has of it."""

    pipe: int
    mark: str

    @classmethod
    def armed(cls, release: Callable[[], None], by_hand: str) -> DeadMan:
        """Leave it behind. Nothing may be quiesced where that does not work: nobody might ever release it."""
        process = own_process()
        started = process_started(process)
        mark = f"{process}-{started}"
        reading, writing = os.pipe()
        if not _left_behind(lambda: watch(reading, process, started, mark, release, by_hand), reading):
            raise PreconditionError(
                "leave a process behind that releases the application if this one is killed",
                cause="this host starts no more processes",
                next_action="Give it room for more processes; nothing was quiesced",
            )
        os.close(reading)
        return cls(writing, mark)

    @property
    def environment(self) -> dict[str, str]:
        """For the quiesce."""
        return {MARK: self.mark}

    def say_quiesced(self) -> None:
        """The quiesce has ended, so that nothing of it has to be waited for."""
        self._say(QUIESCED)

    def say_released(self) -> None:
        """The end: there is nothing left to do for it."""
        self._say(RELEASED)
        os.close(self.pipe)

    def _say(self, word: bytes) -> None:
        # It may have been killed itself, which is no reason to fail.
        with suppress(BrokenPipeError):
            os.write(self.pipe, word)


def _left_behind(act: Callable[[], None], kept: int) -> bool:
    """Whether there is a process that does the act, is nobody's child, and holds of ours one descriptor only."""
    try:
        between = os.fork()
    except OSError:
        return False
    if between == 0:
        _become(act, kept)
    return os.waitpid(between, 0)[1] == 0


def _become(act: Callable[[], None], kept: int) -> None:
    """The process between: its child is in a session of its own, with no terminal, lock or pipe of the caller."""
    ending = 1
    try:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            # The connection that is inherited would be written to by its number, whatever that becomes.
            syslog.closelog()
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in {0, 1, 2} - {kept}:
                os.dup2(nothing, descriptor)
            for descriptor in map(int, os.listdir("/proc/self/fd")):
                if descriptor > 2 and descriptor != kept:
                    # That of the list itself is closed already.
                    with suppress(OSError):
                        os.close(descriptor)
            act()
        ending = 0
    finally:
        os._exit(ending)


def watch(pipe: int, process: int, started: int | None, mark: str, release: Callable[[], None], by_hand: str) -> None:
    """Wait for the last word; without it, release."""
    said = words_of(pipe, process, started)
    if RELEASED in said:
        return
    syslog.openlog(LOG_NAME, syslog.LOG_PID, syslog.LOG_DAEMON)
    if QUIESCED not in said:
        end_marked(mark)
    for number, pause in enumerate(PAUSES_SECONDS, 1):
        time.sleep(pause)
        try:
            release()
        except Exception as error:
            syslog.syslog(syslog.LOG_ERR, f"try {number} of {len(PAUSES_SECONDS)} of process {mark}: {error}")
        else:
            syslog.syslog(syslog.LOG_NOTICE, f"released what process {mark} held still when it was killed: {by_hand}")
            return
    syslog.syslog(
        syslog.LOG_CRIT, f"the application is still held still by process {mark}, which was killed; run: {by_hand}"
    )


def words_of(pipe: int, process: int, started: int | None) -> bytes:
    """All that the process said, to its last word or its end."""
    said, is_gone = b"", False
    while RELEASED not in said:
        if select.select([pipe], [], [], 0 if is_gone else LOOK_EVERY_SECONDS)[0]:
            piece = os.read(pipe, 16)
            if not piece:
                break
            said += piece
        elif is_gone:
            break
        else:
            # What it said at last is read all the same.
            is_gone = process_started(process) != started
    return said


def end_marked(mark: str) -> None:
    """End a quiesce that is still at it: it would hold the application still after that was released."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in marked(mark):
            order_end(process, number)
        grace = Deadline(GRACE_SECONDS)
        while marked(mark) and not grace.is_over:
            time.sleep(0.05)


def marked(mark: str) -> list[int]:
    """The processes that carry the mark."""
    word, found = f"{MARK}={mark}".encode(), []
    for entry in Path("/proc").iterdir():
        # One that belongs to another user cannot be read, and one that ended meanwhile neither.
        with suppress(OSError):
            if entry.name.isdigit() and word in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
