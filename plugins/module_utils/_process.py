# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Processes of this host, read from /proc, so that a reused process id is never taken for the old process."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def ending_with_caller(number: int = signal.SIGTERM) -> Callable[[], None]:
    """For a child, before it becomes its program: it gets this signal when the one that started it is killed.

    What is started by way of another user's program, or becomes a service of its own, is not reached by it.
    """
    caller = os.getpid()

    def prepare() -> None:
        # A caller that ignores the signal hands that down, and it would reach nothing; SIGKILL nobody can ignore.
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        LIBC.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != caller:
            os._exit(1)

    return prepare


def process_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name, beginning with the state; None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def process_runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be reaped."""
    fields = process_fields(pid)
    return fields is not None and fields[0] not in ("Z", "X")


def process_started(pid: int) -> int | None:
    """When it started, in clock ticks since boot: together with the boot id this names a process for good."""
    fields = process_fields(pid)
    return int(fields[19]) if fields and fields[0] not in ("Z", "X") else None


def own_process() -> int:
    """This process as /proc knows it, also from within a namespace of processes that sees an outer /proc."""
    return int(os.readlink("/proc/self"))


def living_parent(pid: int) -> int | None:
    """This process's parent as /proc knows it, when it is still the one that is ``pid`` in its own namespace."""
    fields = process_fields(own_process())
    parent = int(fields[1]) if fields else 0
    try:
        status = Path(f"/proc/{parent}/status").read_text()
    except OSError:
        return None
    named = [line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:")]
    return parent if named == [str(pid)] else None


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = process_fields(int(entry.name))
            if fields and int(fields[1]) == pid:
                found.append(int(entry.name))
    return sorted(found)


def order_end(pid: int, number: int) -> None:
    """Send a signal; a process that is already gone is what was wanted."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_gone(pids: list[int], deadline: Deadline, what: str, *, next_action: str) -> None:
    """Wait until none of the processes runs any more."""
    deadline.wait_until(
        what,
        lambda: [pid for pid in pids if process_runs(pid)],
        lambda running: not running,
        every_seconds=0.02,
        next_action=next_action,
    )


def kill_family(pid: int) -> list[int]:
    """SIGKILL a process and its children, which reaches even a frozen one; returns whom to wait for."""
    family = [pid, *children(pid)]
    for process in family:
        order_end(process, signal.SIGKILL)
    return family


def process_namespace() -> str:
    """In which world of process ids we are: an id says nothing in another one."""
    return os.readlink("/proc/self/ns/pid")


def boot_id() -> str:
    """The identity of this boot of this host."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
