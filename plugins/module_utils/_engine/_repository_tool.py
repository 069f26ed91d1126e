# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The tool that keeps an engine's backups, as far as a repository itself is concerned: its beginning and its keys."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository


class RepositoryTool(ABC):
    """One tool with one repository. Words and exit codes that are not known to be success raise."""

    NAME: str
    # Whether each stanza is begun, and opened, by itself.
    IS_OF_ONE_STANZA: bool = False
    # Whether it encrypts also where the inventory wants a repository in clear.
    IS_ALWAYS_ENCRYPTING: bool = False

    def __init__(self, repository: Repository, stanza: str, configuration_file: str | None, deadline: Deadline) -> None:
        self.repository = repository
        self.stanza = stanza
        self.configuration_file = configuration_file
        self.deadline = deadline

    @property
    @abstractmethod
    def memory_name(self) -> str:
        """Under which name a host remembers what it saw there."""

    @property
    @abstractmethod
    def root(self) -> str:
        """Where its part begins below the repository's path; ends with a slash, or is empty."""

    @property
    @abstractmethod
    def newest_prefix(self) -> str:
        """Below which prefix something is written with every backup."""

    @abstractmethod
    def secrets(self) -> dict[str, str]:
        """What its configuration says of the place, by the tool's own names, for a look at the place itself."""

    def open_store(self) -> Store | None:
        """The place by way of the tool, for one that nothing else can reach from here; None when it has no such way."""
        return None

    @abstractmethod
    def write_and_remove(self) -> None:
        """Let the tool write something small of its own and remove it again."""

    @abstractmethod
    def identity(self) -> str | None:
        """Which repository it is, opened with the key of the configuration; None when none was ever begun there."""

    @abstractmethod
    def initialise(self) -> None:
        """Begin the repository; the caller has seen that there is none."""

    @abstractmethod
    def identity_with(self, passphrase: str) -> str:
        """Which repository it is, opened with another passphrase; raises EncryptionError when that does not open it."""

    @abstractmethod
    def keys(self, passphrase: str) -> list[str]:
        """The names of all keys, listed with one passphrase; raises EncryptionError when that does not open it."""

    @abstractmethod
    def add_key(self, passphrase: str) -> None:
        """Let another passphrase open it, beside those that do."""

    @abstractmethod
    def remove_key(self, passphrase: str) -> None:
        """Let a passphrase open it no more."""
