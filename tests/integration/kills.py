# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills at random moments, the same for the same seed: of a tool, and of the module that runs it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import (
    children,
    order_end,
    process_runs,
)

COUNT = int(os.environ.get("RECOVERY_KILLS", "2"))
SEED = int(os.environ.get("RECOVERY_KILL_SEED", "1"))
VICTIMS = ("module", "tool")
MODULES = "plugins.modules."


@dataclass(frozen=True)
class Kill:
    """Whom it hits, after which share of the time that it usually takes, and which of several tools."""

    victim: str
    share: float
    which: float

    def strike(self, process: subprocess.Popen[str], usual_seconds: float) -> str:
        """Kill at that moment, and see all of it end; what the module still said is given back."""
        try:
            process.wait(self.share * usual_seconds)
        except subprocess.TimeoutExpired:
            victim = self._of(process.pid)
            if victim is not None:
                order_end(victim, signal.SIGKILL)
        said, _errors = process.communicate(timeout=60)
        return said

    def _of(self, pid: int) -> int | None:
        """One tool of the module; the module itself when it has none at that moment."""
        family = [pid, *descendants(pid)]
        module = next((each for each in family if is_module(each)), None)
        tools = [] if module is None else descendants(module)
        if self.victim == "tool" and tools:
            return tools[int(self.which * len(tools))]
        return module


def kills(count: int = COUNT, seed: int = SEED) -> Iterator[Kill]:
    chance = random.Random(seed)
    for number in range(count):
        yield Kill(VICTIMS[number % len(VICTIMS)], chance.uniform(0.05, 1.0), chance.random())


def descendants(pid: int) -> list[int]:
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return [each for each in found if process_runs(each)]


def is_module(pid: int) -> bool:
    """Whether it is the interpreter itself, and not what became it by way of another program."""
    words = words_of(pid)
    return words[:1] != [] and words[0].endswith(b"python3") and any(MODULES.encode() in word for word in words)


def words_of(pid: int) -> list[bytes]:
    """A process's command line; empty when it has none, or ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


@contextmanager
def held_up(module: subprocess.Popen[str], command: str, *, once: Callable[[], bool] = lambda: True) -> Iterator[int]:
    """With the tool that a module runs, found by its first argument, standing still in the middle of its work."""
    held: list[int] = []

    def caught() -> bool:
        """Stopped where it is seen, since it may have ended before another look; let go if it is too early."""
        seen = (each for each in descendants(module.pid) if words_of(each)[1:2] == [command.encode()])
        for pid in seen:
            order_end(pid, signal.SIGSTOP)
            if stands_still(pid) and once():
                held.append(pid)
                return True
            order_end(pid, signal.SIGCONT)
        return False

    wait_until(f"it runs {command}", caught, seconds=30)
    try:
        yield held[0]
    finally:
        # It may have been killed as it stood.
        order_end(held[0], signal.SIGCONT)


def stands_still(pid: int) -> bool:
    """Whether a process that was told to stop did so, and not end before."""
    wait_until(f"process {pid} stops or ends", lambda: state_of(pid) in ("T", "Z", "X", None))
    return state_of(pid) == "T"


def state_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


class Stopwatch:
    """How long what ran inside took."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = time.monotonic() - self._began
