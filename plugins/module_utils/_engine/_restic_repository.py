# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""restic repositories: begun, opened, and given and taken keys."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import (
    RepositoryTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import (
    Restic,
    configuration_file_of,
    read_settings,
    said_badly,
    unexpected,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_copy import joined
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import meaning_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    InputError,
    RecoveryError,
    RepositoryError,
    ToolError,
)

# The kinds that restic can use, by their names in the registry.
RESTIC_REPOSITORIES: tuple[str, ...] = ("azure", "filesystem", "gcs", "nfs", "s3", "sftp")
# restic itself tries for a quarter of an hour, whatever the reason.
ANSWER_SECONDS = 30.0
NOTHING_THERE = re.compile(
    r"Is there a repository at the following location|unable to open config file|config file does not exist"
)

IDENTITY = re.compile(r'"id": *"([0-9a-f]{64})"')


class ResticTool(RepositoryTool):
    NAME: str = "restic"
    IS_ALWAYS_ENCRYPTING: bool = True

    @property
    def memory_name(self) -> str:
        return f"{self.repository.name}-restic"

    @property
    def root(self) -> str:
        return "restic/"

    @property
    def newest_prefix(self) -> str:
        return "restic/snapshots/"

    def secrets(self) -> dict[str, str]:
        return read_settings(self._file)

    def write_and_remove(self) -> None:
        """A lock, as every command of restic does it; one that it could not remove is only a line of its words."""
        finished = self._run("list", "keys")
        if finished.rc != 0 or finished.stderr.strip():
            raise self._meaning(f"lock {self.repository} for a moment", said_badly(finished), finished.rc)

    def identity(self) -> str | None:
        return self._identity(None)

    def initialise(self) -> None:
        finished = self._run_like_original() if self.repository.declared.copy_of else self._run("init")
        if finished.rc != 0 or "created restic repository" not in finished.stdout:
            raise self._meaning(f"initialise {self.repository}", said_badly(finished), finished.rc)

    def _run_like_original(self) -> Finished:
        """Cut into pieces at the same places as the original: only then are copies and their like stored once."""
        original = Restic.of(str(Path(self._file).with_name(f"{self.repository.declared.copy_of}.env")), self.deadline)
        tool = joined(original, self._tool(None), f"initialise {self.repository} like its original")
        return tool.run("init", "--copy-chunker-params")

    def identity_with(self, passphrase: str) -> str:
        with _key_file(passphrase) as file:
            identity = self._identity(file)
        if identity is None:
            raise RepositoryError(
                f"open {self.repository}",
                cause="there is no restic repository",
                next_action="Correct its address, or find out who removed it",
            )
        return identity

    def keys(self, passphrase: str) -> list[str]:
        with _key_file(passphrase) as file:
            return [str(key["id"]) for key in self._listed(file)]

    def add_key(self, passphrase: str) -> None:
        with _key_file(passphrase) as file:
            finished = self._run("key", "add", f"--new-password-file={file}")
        if finished.rc != 0 or "saved new key" not in finished.stdout:
            raise self._meaning(f"add a key to {self.repository}", said_badly(finished), finished.rc)

    def remove_key(self, passphrase: str) -> None:
        what = f"remove a key from {self.repository}"
        with _key_file(passphrase) as file:
            identifier = self._current(self._listed(file), what)
        if identifier == self._current(self._listed(None), what):
            raise InputError(
                what,
                cause="it is the key that this host's own configuration uses",
                next_action="Write the new passphrase with the role protect first, then remove the old one",
            )
        finished = self._run("key", "remove", identifier)
        if finished.rc != 0 or "removed key" not in finished.stdout:
            raise self._meaning(what, said_badly(finished), finished.rc)

    @staticmethod
    def _current(keys: list[dict[str, Any]], what: str) -> str:
        """The key that opened it, which restic marks."""
        current = [str(key["id"]) for key in keys if key.get("current") is True]
        if len(current) != 1:
            raise ToolError(what, cause="restic did not say which key it used", next_action="Run restic key list")
        return current[0]

    def _listed(self, key_file: str | None) -> list[dict[str, Any]]:
        what = f"list the keys of {self.repository}"
        listed = self._tool(key_file).read_json(what, "key", "list", "--no-lock")
        if not isinstance(listed, list) or not all(isinstance(key, dict) and "id" in key for key in listed):
            raise unexpected(what, "restic's list of keys is none")
        return listed

    def _identity(self, key_file: str | None) -> str | None:
        what = f"open {self.repository}"
        finished = self._run("cat", "config", "--no-lock", key_file=key_file)
        if finished.rc != 0 and NOTHING_THERE.search(finished.stderr):
            return None
        if finished.rc != 0:
            raise self._meaning(what, said_badly(finished), finished.rc)
        found = IDENTITY.search(finished.stdout)
        if found is None:
            raise unexpected(what, "restic's configuration of it has no identity")
        return found[1]

    @property
    def _file(self) -> str:
        return self.configuration_file or configuration_file_of(self.repository.name)

    def _tool(self, key_file: str | None) -> Restic:
        tool = Restic.of(self._file, Deadline(min(ANSWER_SECONDS, self.deadline.remaining)))
        if key_file is None:
            return tool
        return replace(tool, settings={**tool.settings, "RESTIC_PASSWORD_FILE": key_file})

    def _run(self, command: str, *arguments: str, key_file: str | None = None) -> Finished:
        try:
            return self._tool(key_file).run(command, *arguments)
        except DeadlineError as error:
            raise self._meaning(f"open {self.repository}", error.cause, None, otherwise=error) from error

    @staticmethod
    def _meaning(what: str, said: str, rc: int | None, *, otherwise: RecoveryError | None = None) -> RecoveryError:
        evidence: dict[str, Any] = {"tool": "restic", "rc": rc}
        error = meaning_of(said, what, evidence=evidence)
        return otherwise if otherwise is not None and isinstance(error, ToolError) else error


@contextmanager
def _key_file(passphrase: str) -> Iterator[str]:
    """A passphrase where only this user can read it, for as long as it is needed."""
    with tempfile.NamedTemporaryFile("w", prefix="recovery-key-", encoding="utf-8") as file:
        file.write(passphrase + "\n")
        file.flush()
        yield file.name
