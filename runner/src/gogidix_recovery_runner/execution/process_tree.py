# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes, looked at through /proc: who is alive, who descends from whom, and ending them for good."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")


class Process(NamedTuple):
    """What tells a process from another that got its id later."""

    pid: int
    parent: int
    state: str
    start_time: int


def own_pid() -> int:
    """This process's id as /proc knows it: inside a pid namespace ``os.getpid`` says something else."""
    return int(os.readlink("/proc/self"))


def look_at(pid: int) -> Process | None:
    try:
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return Process(pid, int(fields[1]), fields[0].decode(), int(fields[19]))


def is_alive(pid: int, start_time: int) -> bool:
    process = look_at(pid)
    return process is not None and process.start_time == start_time and process.state not in "ZX"


def all_processes() -> list[Process]:
    return [process for name in os.listdir(_PROC) if name.isdigit() and (process := look_at(int(name)))]


def descendants(root: int) -> list[Process]:
    """Everything below a process that still runs (zombies do not)."""
    children: dict[int, list[Process]] = {}
    for process in all_processes():
        children.setdefault(process.parent, []).append(process)
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return [process for process in found if process.state not in "ZX"]


def carrying(variable: str, value: str) -> list[Process]:
    """Processes that were started with this environment variable: what is left when their parent is gone."""
    wanted = f"{variable}={value}".encode()
    found = []
    for process in all_processes():
        with contextlib.suppress(OSError):
            if wanted in (_PROC / str(process.pid) / "environ").read_bytes().split(b"\0"):
                found.append(process)
    return [process for process in found if process.state not in "ZX"]


def become_subreaper() -> None:
    """Orphans below this process come to it, and not to the init process, so that none escapes."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_descendants(*, seconds: float = 10.0) -> list[int]:
    """Kill everything below this process until nothing is left; returns what would not die. Reaps nothing."""
    own, deadline = own_pid(), time.monotonic() + seconds
    while (left := descendants(own)) and time.monotonic() < deadline:
        if os.getpid() == 1:
            # First process of a pid namespace: ids in /proc are those of the outside, but all are meant.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            end(left)
        time.sleep(0.02)
    return [process.pid for process in left]


def end(processes: list[Process]) -> None:
    for process in processes:
        if is_alive(process.pid, process.start_time):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
