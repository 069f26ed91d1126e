# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""pgBackRest repositories: begun and opened. Their passphrase can never be changed, for it is laid into every file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    configuration_file_of,
    meaning_of,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_catalogue import (
    NOT_THERE,
    read_info,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_store import PgBackRestStore
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import (
    RepositoryTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    EncryptionError,
    PreconditionError,
    RepositoryError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

SETTING = re.compile(r"^repo(?P<number>\d+)-(?P<name>[a-z0-9-]+)\s*=\s*(?P<value>.*)$")


class PgBackRestTool(RepositoryTool):
    NAME: str = "pgbackrest"
    IS_OF_ONE_STANZA: bool = True

    def __init__(self, repository: Repository, stanza: str, configuration_file: str | None, deadline: Deadline) -> None:
        super().__init__(repository, stanza=stanza, configuration_file=configuration_file, deadline=deadline)
        self.file = Path(configuration_file or configuration_file_of(repository))

    @property
    def memory_name(self) -> str:
        return f"{self.repository.name}-pgbackrest-{self.stanza}"

    @property
    def root(self) -> str:
        return ""

    @property
    def newest_prefix(self) -> str:
        return f"backup/{self.stanza}/"

    def secrets(self) -> dict[str, str]:
        found = [SETTING.match(line) for line in self._lines()]
        number = str(self.repository.number)
        return {one["name"]: one["value"] for one in found if one is not None and one["number"] == number}

    def open_store(self) -> PgBackRestStore:
        return PgBackRestStore(self._tool(self.file))

    def write_and_remove(self) -> None:
        raise AssertionError("only for a tool that opens no store")

    def identity(self) -> str | None:
        return self._identity(self.file)

    def initialise(self) -> None:
        what = f"create the stanza {self.stanza} in {self.repository}"
        # Alone, so that another repository that fails cannot keep this one from being begun.
        with self._variation(self._is_of_this_repository) as file:
            finished = self._tool(file).create_stanza()
        if finished.rc != 0 or "completed successfully" not in finished.stdout:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "pgbackrest", "rc": finished.rc})

    def identity_with(self, passphrase: str) -> str:
        setting = f"repo{self.repository.number}-cipher-pass"

        def other(line: str) -> str | None:
            return f"{setting}={passphrase}" if line.split("=")[0].strip() == setting else line

        if "cipher-pass" not in self.secrets():
            raise EncryptionError(
                f"open {self.repository}",
                cause="it is written in clear, so no passphrase opens it",
                next_action="Begin an encrypted repository with another number",
            )
        with self._variation(other) as file:
            identity = self._identity(file)
        if identity is None:
            raise RepositoryError(
                f"open {self.repository}",
                cause=f"it has no stanza {self.stanza}",
                next_action="Correct the name of the stanza, or find out who removed it",
            )
        return identity

    def keys(self, passphrase: str) -> list[str]:
        raise self._cannot_rotate()

    def add_key(self, passphrase: str) -> None:
        raise self._cannot_rotate()

    def remove_key(self, passphrase: str) -> None:
        raise self._cannot_rotate()

    def _cannot_rotate(self) -> VersionError:
        return VersionError(
            f"give {self.repository} another passphrase",
            cause="pgBackRest cannot change the passphrase of a repository",
            next_action=(
                "Add a repository with another number and the new passphrase to recovery_repositories, run the role "
                "protect, take a full backup into it or copy the backups with backup_copy, and remove the old one when "
                "nothing in it is wanted any more"
            ),
        )

    def _identity(self, file: Path) -> str | None:
        try:
            info = read_info(self._tool(file), self.repository)
        except RepositoryError as error:
            if NOT_THERE.search(error.cause):
                return None
            raise
        return info.system_identifier

    def _tool(self, file: Path) -> PgBackRest:
        return PgBackRest(str(file), self.stanza, self.repository.number, self.deadline)

    def _lines(self) -> list[str]:
        try:
            return self.file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise PreconditionError(
                f"read {self.file}", cause=str(error), next_action="Run the role protect for this host"
            ) from error

    def _is_of_this_repository(self, line: str) -> str | None:
        found = SETTING.match(line)
        return line if found is None or found["number"] == str(self.repository.number) else None

    @contextmanager
    def _variation(self, change: Callable[[str], str | None]) -> Iterator[Path]:
        """The configuration with every line changed, or left out, where only this user can read it."""
        with tempfile.NamedTemporaryFile("w", prefix="recovery-pgbackrest-", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in map(change, self._lines()) if line is not None))
            file.flush()
            yield Path(file.name)
