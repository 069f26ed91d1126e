# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every kind of snapshot has: a frozen view of directories, which is gone when it was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import (
    Finished,
    require_success,
    run_tool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, RecoveryError

PREFIX = ".recovery-"
# Removing does not wait for the deadline of the backup: that may be over.
REMOVAL_SECONDS = 60.0


@dataclass(frozen=True)
class Frozen:
    """One frozen view: ``origin`` is the live directory, ``view`` shows it as it was at one moment."""

    origin: str
    view: str
    # What the tool calls it, for removing it.
    name: str


class Snapshot(ABC):
    """One way to freeze directories of this host."""

    NAME: str
    OPTIONS: dict[str, Any]

    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self.options = options
        self.deadline = deadline

    @abstractmethod
    def origins(self, paths: list[str]) -> list[str]:
        """The directories to be frozen for these paths; raises, saying why, when this host or they cannot be."""

    @abstractmethod
    def take(self, origin: str, name: str) -> Frozen:
        """Freeze one directory."""

    @abstractmethod
    def remove(self, frozen: Frozen, deadline: Deadline) -> None:
        """Take a view away; it is not there any more afterwards."""

    @abstractmethod
    def left_over(self, origin: str, name: str) -> list[Frozen]:
        """What an earlier run of this name that was killed left behind."""

    def require_whole(self, numbers: dict[str, int]) -> None:
        """Raise when a view has a hole where the live tree has something; ``numbers`` are the inodes by path."""
        return None

    @contextmanager
    def frozen(self, paths: list[str], name: str) -> Iterator[list[Frozen]]:
        """The views while they are needed. Whatever happens inside, each of them is removed."""
        taken: list[Frozen] = []
        try:
            for origin in self.origins(paths):
                for old in self.left_over(origin, PREFIX + name):
                    self.remove(old, self.deadline)
                taken.append(self.take(origin, PREFIX + name))
            yield taken
        except BaseException:
            for each in reversed(taken):
                with suppress(RecoveryError):
                    self.remove(each, Deadline(REMOVAL_SECONDS))
            raise
        for each in reversed(taken):
            self.remove(each, Deadline(REMOVAL_SECONDS))

    def run(self, *argv: str) -> Finished:
        return run_tool(list(argv), deadline=self.deadline)

    def require(self, what: str, *argv: str, deadline: Deadline | None = None) -> Finished:
        finished = run_tool(list(argv), deadline=deadline or self.deadline)
        return require_success(finished, what, next_action=f"Read its words; is this a disk that {self.NAME} keeps?")


def impossible(what: str, cause: str) -> PreconditionError:
    """This host or this path has no snapshots of that kind: said before anything is touched."""
    return PreconditionError(
        what, cause=cause, next_action="Use the strategy full or incremental, with hooks that hold the source still"
    )


def kernel_knows(word: str, file: str) -> bool:
    """Whether a file of /proc lists something, such as a kind of file system."""
    try:
        with open(file, encoding="utf-8") as lines:
            return any(word in line.split() for line in lines)
    except OSError:
        return False
