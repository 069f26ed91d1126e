# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every backup engine can do. The verbs of the modules are written once, against this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._abilities import Abilities
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._copying import Copying
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import (
    Catalogue,
    Check,
    Examination,
    Finding,
    Look,
    Reached,
    RestorePlan,
    Selection,
    ServerAnswer,
    Taken,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

# Engines and the verbs find everything of the family here.
__all__ = [
    "Catalogue",
    "Check",
    "Engine",
    "Examination",
    "Finding",
    "Look",
    "Reached",
    "RestorePlan",
    "STRATEGIES",
    "Selection",
    "ServerAnswer",
    "Taken",
]

STRATEGIES = ("full", "differential", "incremental", "transaction_log", "snapshot")


class Engine(Abilities, Copying, ABC):
    """One way to back up and to restore one kind of data."""

    # Who runs its tool where the data is, and who where another host keeps the backups; None: it never works there.
    USER: str = "root"
    KEEPER_USER: str | None = None
    # Its tool, for work on a repository itself.
    REPOSITORY_TOOL: type[RepositoryTool]
    # Whether its live data is a set of paths, each put in place on its own, rather than one directory.
    IS_MADE_OF_PATHS: bool = False
    # Whether backups share what they store, so that a new one can lean on data that is damaged already.
    SHARES_DATA: bool = False
    # What a server of ours on a restored copy takes beyond the data, before it has done anything.
    server_bytes: int = 0

    # The set of backups, of a whole system at one time, that the next one is taken for.
    consistency_id: str = ""

    def __init__(
        self,
        options: dict[str, Any],
        repository: Repository,
        *,
        deadline: Deadline,
        configuration_file: str | None = None,
        jobs: int | None = None,
        memory_directory: Path | None = None,
    ) -> None:
        self.options = options
        self.repository = repository
        self.deadline = deadline
        self.configuration_file = configuration_file
        self.jobs = jobs
        # Where this host keeps what it saw; None where nothing of it is to be kept.
        self.memory_directory = memory_directory
        self.begin()

    def begin(self) -> None:
        """Make of the options what the engine works with; nothing is looked at yet."""
        return None

    @property
    @abstractmethod
    def stanza(self) -> str:
        """The name under which the repository keeps the backups."""

    def open_repository_tool(self) -> RepositoryTool:
        """The tool that keeps the backups, for work on the repository itself."""
        return self.REPOSITORY_TOOL(self.repository, self.stanza, self.configuration_file, self.deadline)

    @property
    @abstractmethod
    def live_directory(self) -> Path:
        """Where the live data is."""

    def live_paths(self, plan: RestorePlan) -> list[str]:
        """What a restore in place puts in place, path by path."""
        return [str(self.live_directory)]

    @property
    def default_port(self) -> int | None:
        """The port of the live server; None when no server works on this kind of data."""
        return None

    @abstractmethod
    def read_records(self) -> Catalogue:
        """The backups, cheaply: without the windows."""

    @abstractmethod
    def read_catalogue(self, records: list[BackupRecord]) -> Catalogue:
        """The same with the windows, which take a listing of the log; ``records`` are the judged ones."""

    def ask_server(self, catalogue: Catalogue) -> ServerAnswer | None:
        """Ask the live server of this host whether all of its log is in what was read; None where there is no log."""
        return None

    @abstractmethod
    def require_here(self, strategy: str) -> None:
        """Raise when this host is not the one where this has to run, naming the one that is."""

    @abstractmethod
    def take(self, strategy: str) -> Taken:
        """Take a full, differential or incremental backup."""

    @abstractmethod
    def prove_complete(self, record: BackupRecord) -> None:
        """Raise unless everything that the backup needs to be consistent is in the repository."""

    def ship_log(self) -> dict[str, Any]:
        """Close the current piece of the transaction log and wait until the repository has it."""
        raise AssertionError("only for an engine with the strategy transaction_log")

    def await_log(self, segment: str) -> dict[str, Any]:
        """Wait until the repository has a piece of the transaction log that was closed before."""
        raise AssertionError("only for an engine with the strategy transaction_log")

    def find_log(self, segment: str) -> dict[str, Any] | None:
        """The same as far as it needs no act of ours; None when it does."""
        return self.await_log(segment)

    @abstractmethod
    def forget(self, records: list[BackupRecord]) -> None:
        """Remove these backups, which the caller has judged to be unneeded, and what only they needed."""

    @property
    def examining_host(self) -> str | None:
        """The host where backups must be read where they lie, or None when it is this one."""
        return None

    @abstractmethod
    def examine(self, records: list[BackupRecord]) -> dict[str, Examination]:
        """Read the backups where they lie."""

    def require_checks(self, checks: list[Check]) -> None:
        """Raise when a question cannot be put to this kind of data."""
        for check in checks:
            if not check.query or check.expect is None:
                raise InputError(
                    f"read the check {check.name}",
                    cause=f"{self.NAME} is asked by a query, with the answer to expect",
                    next_action="Give it query and expect",
                )

    @abstractmethod
    def rehearse(self, record: BackupRecord, scratch: Path, checks: list[Check]) -> dict[str, Any]:
        """Restore a backup into an empty scratch directory, start it cut off from everything, and question it."""

    @abstractmethod
    def plan_restore(
        self,
        records: list[BackupRecord],
        target: RecoveryTarget,
        *,
        backup: str | None,
        timeline: int | None,
        selection: Selection,
    ) -> RestorePlan:
        """Choose the backup and prove that the target can be reached; raises before anything is touched."""

    @abstractmethod
    def identity_at(self, directory: Path) -> str | None:
        """The identity of the data in a directory, or None when there is none that can be read."""

    def is_running(self, directory: Path) -> bool:
        """Whether a server works on a directory."""
        return False

    @abstractmethod
    def lay_down(self, plan: RestorePlan, directory: Path) -> None:
        """Write the backup's files into an empty directory and see that they are whole."""

    @abstractmethod
    def prove(self, plan: RestorePlan, directory: Path, *, port: int | None, listen: str = "") -> Reached:
        """Let the data recover to the target, cut off from everything, and hold it there, running and readable."""

    @abstractmethod
    def look_into(
        self, plan: RestorePlan, directory: Path, look: Look, *, port: int | None, may_write: bool
    ) -> dict[str, Any]:
        """Put the questions to a proven copy, and when all answers are right, look through it.

        It is ``{checks, structure, pages}``; what is not sound is an error, a wrong answer is the caller's to judge.
        Unless it may write, nothing in the copy is changed by it. A server on it may have been stopped.
        """

    def trial_bytes(self, plan: RestorePlan) -> int:
        """What looking into a copy that must not be written takes on its disk, besides the copy."""
        return 0

    def open_beside(self, directory: Path, reached: Reached, *, port: int | None, runs: bool) -> Reached:
        """Let a proven copy accept writes; it never archives.

        With ``runs`` a server works on it afterwards; without, one that was stopped to look into it stays so.
        """
        return reached

    def extract(
        self, directory: Path, selection: Selection, destination: Path, *, port: int | None
    ) -> list[dict[str, Any]]:
        """Write the selected databases and tables of a running copy as dumps: ``{part, file, rows}`` each."""
        raise AssertionError("only for an engine whose plan_restore accepts databases or tables")

    def prepare_in_place(self, plan: RestorePlan, staged: Path, live: Path) -> None:
        """Make a proven and stopped copy ready to be the live data."""
        return None

    @abstractmethod
    def open_in_place(self, plan: RestorePlan, live: Path) -> Reached:
        """Start the live data and see it accept writes."""

    def reopen(self, live: Path) -> None:
        """Start the live data as it is; nothing to do where no server works on it."""
        return None

    @property
    def restore_notes(self) -> list[str]:
        """What an operator should know about what was restored, such as what could not be preserved."""
        return []

    def stop(self, directory: Path) -> None:
        """Stop whatever works on a directory; nothing to do when nothing does."""
        return None
