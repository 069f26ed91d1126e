# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""restic repositories: begun, opened, and given and taken keys."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._keeper import Keeper, Kept
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    DeadlineError,
    EncryptionError,
    InputError,
    LeaseError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
    SpaceError,
    TlsError,
    ToolError,
)

CONFIGURATION_DIRECTORY = "/etc/recovery/restic"
# restic itself tries for a quarter of an hour, whatever the reason.
ANSWER_SECONDS = 30.0
NOTHING_THERE = re.compile(
    r"Is there a repository at the following location|unable to open config file|config file does not exist"
)
MEANINGS: list[tuple[str, type[RecoveryError], str]] = [
    (
        r"wrong password or no key found|an empty password is not a password|Resolving password failed",
        EncryptionError,
        "Compare the passphrase with the one that the repository was created with; do not create it anew",
    ),
    (r"already locked|unable to create lock.*already", LeaseError, "Wait until the other restic has ended"),
    (r"certificate|x509", TlsError, "Renew it, correct the name that is asked for, or name its authority in ca_file"),
    (
        r"Access Denied|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|AuthorizationFailure|\b403\b"
        r"|[Pp]ermission denied",
        AccessError,
        "Correct the credentials of the repository, or what they are allowed to do there",
    ),
    (r"no space left on device|quota exceeded", SpaceError, "Free space in the repository or enlarge it"),
    (
        r"NoSuchBucket|bucket does not exist|Host key verification failed|connection refused|timeout|no such host"
        r"|unable to start the sftp session|reset by peer|\b50\d\b|Internal Error|SlowDown",
        RepositoryError,
        "See whether the repository is up and can be reached from this host",
    ),
]


class ResticKeeper(Keeper):
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
        return self._settings()

    def look(self) -> Kept:
        return self._look({})

    def initialise(self) -> None:
        finished = self._run("init", environment={})
        if finished.rc != 0 or "created restic repository" not in finished.stdout:
            raise meaning_of(finished, f"initialise {self.repository}")

    def look_with(self, passphrase: str) -> Kept:
        with _key_file(passphrase) as file:
            kept = self._look({"RESTIC_PASSWORD_FILE": file})
        if kept.identity is None:
            raise RepositoryError(
                f"open {self.repository}",
                cause="there is no restic repository",
                next_action="Correct its address, or find out who removed it",
            )
        return kept

    def add_key(self, passphrase: str) -> None:
        with _key_file(passphrase) as file:
            finished = self._run("key", "add", f"--new-password-file={file}", environment={})
        if finished.rc != 0 or "saved new key" not in finished.stdout:
            raise meaning_of(finished, f"add a key to {self.repository}")

    def remove_key(self, passphrase: str) -> None:
        what = f"remove a key from {self.repository}"
        current = {key for key in self.look_with(passphrase).keys if key.startswith("*")}
        if len(current) != 1:
            raise ToolError(what, cause="restic did not say which key it used", next_action="Run restic key list")
        identifier = current.pop().removeprefix("*")
        if f"*{identifier}" in self.look().keys:
            raise InputError(
                what,
                cause="it is the key that this host's own configuration uses",
                next_action="Write the new passphrase with the role protect first, then remove the old one",
            )
        finished = self._run("key", "remove", identifier, environment={})
        if finished.rc != 0 or "removed key" not in finished.stdout:
            raise meaning_of(finished, what)

    def _look(self, environment: dict[str, str]) -> Kept:
        what = f"open {self.repository}"
        finished = self._run("cat", "config", "--no-lock", environment=environment)
        if finished.rc != 0 and NOTHING_THERE.search(finished.stderr):
            return Kept(None, [])
        if finished.rc != 0:
            raise meaning_of(finished, what)
        listed = self._run("key", "list", "--json", "--no-lock", environment=environment)
        if listed.rc != 0:
            raise meaning_of(listed, what)
        try:
            identity = str(json.loads(finished.stdout)["id"])
            keys = [f"{'*' if key['current'] else ''}{key['id']}" for key in json.loads(listed.stdout)]
        except (ValueError, KeyError, TypeError) as error:
            raise ToolError(
                what,
                cause=f"restic answered what is not understood: {error}",
                next_action="Compare the version of restic with the ones that are supported",
            ) from error
        return Kept(identity, sorted(keys))

    def _run(self, *arguments: str, environment: dict[str, str]) -> Finished:
        settings = {**self._settings(), **environment}
        options = shlex.split(settings.pop("RECOVERY_RESTIC_OPTIONS", ""))
        argv = ["restic", *options, *arguments]
        deadline = Deadline(min(ANSWER_SECONDS, self.deadline.remaining))
        try:
            return run_tool(argv, deadline=deadline, environment=settings)
        except DeadlineError as error:
            finished = Finished(argv, 1, "", error.cause, deadline.seconds)
            raise meaning_of(finished, f"open {self.repository}", otherwise=error) from error

    def _settings(self) -> dict[str, str]:
        file = Path(self.configuration_file or f"{CONFIGURATION_DIRECTORY}/{self.repository.name}.env")
        try:
            return parse_settings(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PreconditionError(
                f"read {file}", cause=str(error), next_action="Run the role protect for this host"
            ) from error


def parse_settings(text: str) -> dict[str, str]:
    """Lines NAME=value as a shell reads them; raises ValueError on anything else, without telling its content."""
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        name, separator, value = words[0].partition("=")
        if len(words) != 1 or not separator or not name.isidentifier():
            raise ValueError(f"line {number} is no NAME=value")
        found[name] = value
    return found


def meaning_of(finished: Finished, what: str, *, otherwise: RecoveryError | None = None) -> RecoveryError:
    """The error that restic's words stand for; words that are not known are a failure as well."""
    said = " ".join((finished.stderr or finished.stdout).split())[-800:]
    for pattern, kind, next_action in MEANINGS:
        if re.search(pattern, said):
            return kind(what, cause=said, next_action=next_action, evidence={"tool": "restic", "rc": finished.rc})
    return otherwise or ToolError(
        what,
        cause=f"restic ended with {finished.rc}: {said or 'it said nothing'}",
        next_action="Read its words; this outcome is not known to be success",
        evidence={"tool": "restic", "rc": finished.rc},
    )


@contextmanager
def _key_file(passphrase: str) -> Iterator[str]:
    """A passphrase where only this user can read it, for as long as it is needed."""
    with tempfile.NamedTemporaryFile("w", prefix="recovery-key-", encoding="utf-8") as file:
        file.write(passphrase + "\n")
        file.flush()
        yield file.name
