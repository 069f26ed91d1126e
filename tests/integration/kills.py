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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"python3") and any(MODULES.encode() in word for word in words)


class Stopwatch:
    """How long what ran inside took."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = time.monotonic() - self._began
