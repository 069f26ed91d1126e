# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Calling restic for one repository: its settings come from a file, its secrets go by environment, never by argv."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_lock import (
    Way,
    owner_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import (
    VANISHED_LOCK,
    asks_in_vain,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    EncryptionError,
    PreconditionError,
    ToolError,
    VersionError,
)

CONFIGURATION_DIRECTORY = "/etc/recovery/restic"
CACHE_DIRECTORY = "/var/cache/recovery/restic"
# How the address of a repository begins that is no directory.
BACKENDS = ("azure", "b2", "gs", "rclone", "rest", "s3", "sftp", "swift")
SETTING = re.compile(r"^(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")
VERSION = re.compile(r"restic (\d+)\.(\d+)\.(\d+)")
OLDEST = (0, 14, 0)
LOCK_SECONDS = 600.0


def unheard(said: str) -> None:
    """For output that is only looked at when all of it is there."""


def configuration_file_of(repository_name: str) -> str:
    """Where the settings of a repository stand when nobody says otherwise."""
    return f"{CONFIGURATION_DIRECTORY}/{repository_name}.env"


def read_settings(path: str) -> dict[str, str]:
    """The lines NAME=value of a file that a shell can read as well; whoever else may read it is refused."""
    what = f"read {path}"
    try:
        mode = os.stat(path).st_mode & 0o077
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PreconditionError(
            what, cause=str(error), next_action="Run the role protect for this host, or set configuration_file"
        ) from error
    if mode:
        raise PreconditionError(
            what, cause="others may read it, and it holds secrets", next_action="Set its mode to 0600"
        )
    settings = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = SETTING.match(line.strip())
        try:
            words = shlex.split(found["value"]) if found else []
        except ValueError:
            found = None
        if found is None or len(words) > 1:
            raise PreconditionError(
                what, cause=f"line {number} is not NAME=value", next_action="Write it again with protect"
            )
        settings[found["name"]] = words[0] if words else ""
    if not settings.get("RESTIC_REPOSITORY"):
        raise PreconditionError(what, cause="RESTIC_REPOSITORY is not set", next_action="Write it again with protect")
    return settings


@dataclass(frozen=True)
class Restic:
    """restic for one repository."""

    settings: dict[str, str] = field(repr=False)
    deadline: Deadline
    # More ``-o`` words, such as how to reach a store by sftp.
    options: tuple[str, ...] = ()
    # Words before restic's own, such as a name space of mounts to run it in.
    prefix: tuple[str, ...] = ()
    lock_seconds: float = LOCK_SECONDS
    # How many connections it may have to the repository at the same time; as many as it likes when None.
    connections: int | None = None

    @classmethod
    def of(cls, configuration_file: str, deadline: Deadline, connections: int | None = None) -> Restic:
        """The repository that a file of settings describes; the passphrase must be there and must not be empty."""
        settings = read_settings(configuration_file)
        options = tuple(shlex.split(settings.pop("RECOVERY_RESTIC_OPTIONS", "")))
        lock_seconds = float(settings.pop("RECOVERY_RESTIC_LOCK_SECONDS", LOCK_SECONDS))
        settings.setdefault("RESTIC_CACHE_DIR", CACHE_DIRECTORY)
        tool = cls(settings, deadline, options, lock_seconds=lock_seconds, connections=connections)
        tool.require_passphrase()
        return tool

    def require_passphrase(self) -> None:
        """restic would ask for one that is missing, and nobody is there to answer."""
        what = f"open the repository {self.place}"
        path = self.settings.get("RESTIC_PASSWORD_FILE")
        if path is None and (self.settings.get("RESTIC_PASSWORD") or self.settings.get("RESTIC_PASSWORD_COMMAND")):
            return
        next_action = "Put the repository's passphrase there; do not create the repository anew"
        if path is None:
            raise EncryptionError(what, cause="RESTIC_PASSWORD_FILE is not set", next_action=next_action)
        try:
            is_empty = not Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EncryptionError(
                what, cause=f"its key file cannot be read: {error}", next_action=next_action
            ) from error
        if is_empty:
            raise EncryptionError(what, cause=f"its key file {path} is empty", next_action=next_action)

    @property
    def place(self) -> str:
        """Where the repository is, without a password that its address may carry."""
        return re.sub(r"://[^/@]*@", "://", self.settings["RESTIC_REPOSITORY"])

    @property
    def cache_directory(self) -> Path:
        return Path(self.settings["RESTIC_CACHE_DIR"])

    @property
    def environment(self) -> dict[str, str]:
        """For restic alone: what it may know, and no progress that nobody reads."""
        return {"RESTIC_PROGRESS_FPS": "0.01", **self.settings}

    def argv(self, command: str, *arguments: str) -> list[str]:
        options = [*self.options, *self._connections_argument(), *self._cache_argument()]
        return [*self.prefix, "restic", command, *options, *arguments]

    def _connections_argument(self) -> list[str]:
        """Each kind of place has an option of its own for it."""
        if self.connections is None:
            return []
        kind, colon, _place = self.settings["RESTIC_REPOSITORY"].partition(":")
        kind = kind if colon and kind in BACKENDS else "local"
        return ["-o", f"{kind}.connections={self.connections}"]

    def _cache_argument(self) -> list[str]:
        """The cache makes listing fast; losing it, or not being allowed to keep one, fails nothing."""
        try:
            self.cache_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return ["--no-cache"]
        return [] if os.access(self.cache_directory, os.W_OK | os.X_OK) else ["--no-cache"]

    def run(
        self, command: str, *arguments: str, stdin: str | None = None, heard: Callable[[str], None] = unheard
    ) -> Finished:
        """Run a command; a lock in its way whose process is proven dead on this host is removed.

        Others share the repository: a lock of somebody who may live is waited for, as long as ``lock_seconds`` says,
        and one whose process dies meanwhile is as good as one that was dead before.
        """
        finished, way = self.attempt(command, *arguments, stdin=stdin, heard=heard), self.way()
        while finished.rc != 0 and is_held_up(finished.stderr) and way.is_made(finished.stderr):
            # When time is over in the middle of an attempt, it was the lock that took it.
            with suppress(DeadlineError):
                finished = self.attempt(command, *arguments, stdin=stdin, heard=heard)
        return finished

    def attempt(
        self, command: str, *arguments: str, stdin: str | int | None = None, heard: Callable[[str], None] = unheard
    ) -> Finished:
        """Run a command once, whatever is in its way."""
        return run_tool(
            self.argv(command, *arguments),
            deadline=self.deadline,
            environment=self.environment,
            stdin=stdin,
            is_in_vain=asks_in_vain,
            heard=heard,
            # At this signal, and at no other, it takes its lock away.
            asked_to_end_by=signal.SIGINT,
        )

    def way(self) -> Way:
        """For one command and all its attempts: restic 0.14 does not wait for a lock by itself."""
        return Way(Deadline(min(self.lock_seconds, self.deadline.remaining)), lambda: self.unlock(self.deadline))

    def unlock(self, deadline: Deadline) -> None:
        """Take away the locks whose processes are dead on this host, and no others."""
        run_tool(self.argv("unlock"), deadline=deadline, environment=self.environment)

    def require(
        self, what: str, command: str, *arguments: str, stdin: str | None = None, heard: Callable[[str], None] = unheard
    ) -> Finished:
        """Run a command for which exit code 0 is necessary; what success is beyond it, the caller knows."""
        finished = self.run(command, *arguments, stdin=stdin, heard=heard)
        if finished.rc != 0:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "restic", "rc": finished.rc})
        return finished

    def read_json(self, what: str, command: str, *arguments: str) -> Any:
        finished = self.require(what, command, "--json", *arguments)
        try:
            return json.loads(finished.stdout)
        except ValueError as error:
            raise unexpected(what, f"restic {command} did not answer in JSON") from error

    def version(self) -> tuple[int, int, int]:
        """Which restic this is: what it can do depends on it. An older one than was tried is refused."""
        return self._version

    @cached_property
    def _version(self) -> tuple[int, int, int]:
        finished = run_tool(["restic", "version"], deadline=self.deadline)
        found = VERSION.search(finished.stdout)
        version = (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
        if version < OLDEST:
            raise VersionError(
                "use restic",
                cause=f"it says to be {finished.stdout.strip()[:100] or 'nothing'}",
                next_action="Install restic 0.14 or newer",
            )
        return version


def is_held_up(said: str) -> bool:
    """Whether a lock was in the way, or one that was taken away while it was looked at."""
    return owner_of(said) is not None or VANISHED_LOCK.search(said) is not None


def unexpected(what: str, cause: str) -> ToolError:
    """restic answered in a way that is not known: a failure."""
    return ToolError(what, cause=cause, next_action="Compare the version of restic with the ones that are supported")


def said_badly(finished: Finished) -> str:
    """Its errors: with --json each is an object on a line of its own."""
    lines = [plain_words(line) for line in finished.stderr.splitlines()]
    return "\n".join(line for line in lines if line) or finished.last_lines or f"it ended with {finished.rc}"


def plain_words(line: str) -> str:
    """One line of restic's errors as a person would say it."""
    try:
        content = json.loads(line)
    except ValueError:
        return line
    if not isinstance(content, dict):
        return line
    error = content.get("error")
    detail = error if isinstance(error, dict) else {}
    if isinstance(detail.get("Err"), int):
        words = f"{detail.get('Op', 'read')}: {os.strerror(detail['Err'])}"
    else:
        words = str(detail.get("message") or detail.get("Err") or content.get("message") or error)
    return f"{content.get('item', '')}: {words}".lstrip(": ")
