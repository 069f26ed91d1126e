# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Calling pgBackRest and understanding what it says; its exit code alone is never believed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    EncryptionError,
    IntegrityError,
    LeaseError,
    LogGapError,
    PreconditionError,
    RecoveryError,
    RepositoryError,
    SpaceError,
    TlsError,
    ToolError,
    VersionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

CONFIGURATION_FILE = "/etc/pgbackrest/pgbackrest.conf"
# What is in the one above is archived into; so a repository that only receives copies has a configuration of its own.
COPY_CONFIGURATION_DIRECTORY = "/etc/pgbackrest/copies"

# What pgBackRest says, what it means, and what to do. The first pattern that is found decides.
MEANINGS: list[tuple[str, type[RecoveryError], str]] = [
    (
        r"no space left on device|disk quota exceeded",
        SpaceError,
        "Free space in the repository or enlarge it; what was there before is intact",
    ),
    # To pgBackRest a wrong certificate is a matter of cryptography as well, but not of the passphrase.
    (r"certificate|TLS error|\[TlsError\]", TlsError, "Renew or trust the certificate of the repository"),
    (
        r"\[095\]|CryptoError|unable to decrypt|cipher header invalid"
        r"|key/value found outside of section|unable to flush",
        EncryptionError,
        "Compare the repository's cipher passphrase with the one it was created with; do not create it anew",
    ),
    (
        r"must be run on the repository host|HostInvalidError|\[072\]",
        PreconditionError,
        "Run this on the repository host",
    ),
    (
        r"\[050\]|unable to acquire lock|LockAcquireError",
        LeaseError,
        "Wait until the other pgBackRest process of this stanza has ended",
    ),
    (
        r"\[062\]|stop file exists",
        LeaseError,
        "pgBackRest was stopped on purpose: run pgbackrest start when it may go on",
    ),
    (
        r"\[026\]|ChecksumError|does not match expected checksum|page checksum"
        # Behind the encryption a wrong byte is first seen by what unpacks it.
        r"|(zst|lz4|bz2) error: (?!.*allocation)|zlib threw error: .*data error|unexpected eof in compressed data",
        IntegrityError,
        "Use another backup, and take a new full one",
    ),
    (
        r"AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|HTTP request failed with 403|Permission denied",
        AccessError,
        "Correct the repository's credentials, or run as the user who may read it",
    ),
    (
        r"\[082\]|was not archived before the|ArchiveTimeoutError",
        LogGapError,
        "Look at archive_command and at the server's log: the transaction log does not reach the repository",
    ),
    (
        r"\[068\]|\[087\]|ArchiveCommandInvalidError|ArchiveDisabledError",
        PreconditionError,
        "Let the server ship its transaction log into this repository, as the plan protect sets it up",
    ),
    (
        r"failed with 429|SlowDown",
        RepositoryError,
        "The store asks for fewer requests: run it again later, with fewer jobs",
    ),
    (
        r"unexpected EOF reading HTTP",
        RepositoryError,
        "An answer of the store broke off: run it again; if it stays so, see what lies between this host and the store",
    ),
    (
        r"\[049\]|HostConnectError|terminated unexpectedly|ServiceError|HTTP request failed|unable to connect|timeout",
        RepositoryError,
        "See whether the repository is up and can be reached from this host",
    ),
    (r"\[056\]|DbConnectError", PreconditionError, "See whether the database server runs and accepts this user"),
    (r"\[038\]|while PostgreSQL is running", PreconditionError, "Stop the server first"),
    (r"\[040\]|contains files", PreconditionError, "Restore into an empty directory"),
    (
        r"backup\.info cannot be opened|missing stanza path|stanza-create"
        r"|unable to load info file|No usable .*info file",
        RepositoryError,
        "Create the stanza, or correct its name or the repository's path",
    ),
]
UNKNOWN_NEXT_ACTION = "Read its words above; this outcome is not known to be success"


def configuration_file_of(repository: Repository) -> str:
    """Where a host finds a repository, as the role protect writes it."""
    return copy_configuration_file(repository.name) if repository.declared.copy_of else CONFIGURATION_FILE


def copy_configuration_file(name: str) -> str:
    return f"{COPY_CONFIGURATION_DIRECTORY}/{name}.conf"


def cleaned(text: str) -> str:
    """What the tool said without the binary rubbish that a wrong passphrase puts there, on one line."""
    text = re.sub(r"(outside of section at line \d+):.*", r"\1", text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return " | ".join(dict.fromkeys(line for line in lines if line))[-1500:]


def meaning_of(text: str, what: str, *, evidence: dict[str, Any] | None = None, **state: Any) -> RecoveryError:
    """The error that pgBackRest's words stand for; words that are not known are a failure as well."""
    for pattern, kind, next_action in MEANINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(what, cause=cleaned(text), next_action=next_action, evidence=evidence, **state)
    cause = cleaned(text) or "pgBackRest said nothing"
    return ToolError(what, cause=cause, next_action=UNKNOWN_NEXT_ACTION, evidence=evidence, **state)


@dataclass(frozen=True)
class PgBackRest:
    """pgBackRest for one stanza and one repository of one configuration file."""

    configuration_file: str
    stanza: str
    repository_number: int
    deadline: Deadline
    jobs: int | None = None

    def argv(self, command: str, *arguments: str) -> list[str]:
        base = ["pgbackrest", command, f"--config={self.configuration_file}", f"--stanza={self.stanza}"]
        return [*base, f"--repo={self.repository_number}", *arguments]

    @property
    def jobs_argument(self) -> list[str]:
        return [] if self.jobs is None else [f"--process-max={self.jobs}"]

    def run(self, command: str, *arguments: str) -> Finished:
        return run_tool(self.argv(command, *arguments), deadline=self.deadline)

    def create_stanza(self) -> Finished:
        """In every repository of the configuration: this one command knows no other way."""
        argv = ["pgbackrest", "stanza-create", f"--config={self.configuration_file}", f"--stanza={self.stanza}"]
        return run_tool([*argv, "--log-level-console=info"], deadline=self.deadline)

    def require_version(self, since: tuple[int, int], what: str) -> None:
        """An older one takes its whole configuration for wrong when it names what came later."""
        said = run_tool(["pgbackrest", "version"], deadline=self.deadline).stdout.split()
        version = tuple(int(part) for part in re.findall(r"\d+", said[-1] if said else "")[:2])
        if version < since:
            raise VersionError(
                what,
                cause=f"this is {' '.join(said)}, and only {since[0]}.{since[1]} knows this kind of repository",
                next_action="Install a newer pgBackRest, or reach the same host as repository_host",
            )

    def require(self, what: str, command: str, *arguments: str) -> Finished:
        """Run a command for which exit code 0 is necessary; what success is beyond it, the caller knows."""
        finished = self.run(command, *arguments)
        if finished.rc != 0:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "pgbackrest", "rc": finished.rc})
        return finished

    def read_json(self, what: str, command: str, *arguments: str) -> Any:
        finished = self.require(what, command, "--output=json", *arguments)
        try:
            return json.loads(without_bad_bytes(finished.stdout), strict=False)
        except ValueError as error:
            raise ToolError(
                what,
                cause=f"pgbackrest {command} did not answer in JSON: {cleaned(finished.stdout)[:300]}",
                next_action="Compare the version of pgBackRest with the ones that are supported",
            ) from error

    def read_file(self, what: str, path: str) -> str:
        """A small file of the repository, decrypted."""
        return self.require(what, "repo-get", path).stdout


def without_bad_bytes(text: str) -> str:
    """JSON in which pgBackRest quoted bytes that are no text: an escape of ours that JSON does not know."""
    return re.sub(r"\\x[0-9a-f]{2}", "?", text)


def said_badly(finished: Finished) -> str:
    """The errors and warnings of a run, with the lines that belong to them."""
    lines: list[str] = []
    is_bad = False
    for line in (finished.stderr + "\n" + finished.stdout).splitlines():
        if re.search(r"\b(ERROR|WARN|INFO|DETAIL|DEBUG|ASSERT): ", line):
            is_bad = not re.search(r"\b(INFO|DETAIL|DEBUG): ", line)
        if is_bad:
            lines.append(re.sub(r"^\S+ \S+ P\d\d +", "", line))
    return "\n".join(lines) or finished.last_lines
