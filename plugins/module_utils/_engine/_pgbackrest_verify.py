# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What ``pgbackrest verify`` found: only its text tells, its exit code is 0 for a broken repository as well."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    RecoveryError,
    RepositoryError,
    TlsError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

STATUS = re.compile(r"^status: (\w+)", re.MULTILINE)
ARCHIVE = re.compile(r"archiveId: (?P<id>\S+), total WAL checked: (?P<checked>\d+), total valid WAL: (?P<valid>\d+)")
BACKUP = re.compile(
    r"backup: (?P<id>\S+), status: (?P<status>[\w ]+), total files checked: (?P<checked>\d+), "
    r"total valid files: (?P<valid>\d+)"
)
COUNT = re.compile(r"(missing|checksum invalid|size invalid|other): (\d+)")
COULD_NOT = re.compile(r"(No usable [\w.]+ file|unable to [^\n]+|\[\w*Error\][^\n]*)")


@dataclass
class Finding:
    """What was found of one backup, or of the log."""

    checked: int
    valid: int
    status: str
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        return self.status == "valid" and self.checked == self.valid and not any(self.counts.values())

    def __str__(self) -> str:
        bad = ", ".join(f"{name}: {count}" for name, count in sorted(self.counts.items()) if count)
        return f"{self.valid} of {self.checked} files are valid{', ' + bad if bad else ''}"


@dataclass
class Findings:
    """What was found of a stanza; ``damaged_files`` are named as far as pgBackRest named them."""

    is_ok: bool
    backups: dict[str, Finding]
    archives: dict[str, Finding]
    damaged_files: list[str]
    # What pgBackRest keeps twice and no longer has twice, by backup; "" stands for all of them.
    unequal: dict[str, list[str]] = field(default_factory=dict)


def verify(tool: PgBackRest, repository: Repository, labels: list[str]) -> Findings:
    """Let pgBackRest read everything it has of the stanza, and read what it says."""
    what = f"verify stanza {tool.stanza} in {repository}"
    finished = tool.require(
        what, "verify", "--output=text", "--verbose", "--log-level-console=info", *tool.jobs_argument
    )
    return replace(parse_findings(finished.stdout, what), unequal=unequal_pairs(tool, what, labels))


def unequal_pairs(tool: PgBackRest, what: str, labels: list[str]) -> dict[str, list[str]]:
    """pgBackRest keeps its own files twice and uses the other one when it must; its verification passes over that."""
    stanza = tool.stanza
    paths = [("", f"backup/{stanza}/backup.info"), ("", f"archive/{stanza}/archive.info")]
    paths += [(label, f"backup/{stanza}/{label}/backup.manifest") for label in labels]
    found: dict[str, list[str]] = {}
    for label, path in paths:
        try:
            is_equal = tool.read_file(what, path) == tool.read_file(what, f"{path}.copy")
        except (DeadlineError, RepositoryError, TlsError):
            # The way there failed, which says nothing about what is kept.
            raise
        except RecoveryError as error:
            found.setdefault(label, []).append(f"{path} or its copy cannot be read: {error.cause[-200:]}")
        else:
            found.setdefault(label, []).extend([] if is_equal else [f"{path} and its copy differ"])
    return {label: errors for label, errors in found.items() if errors}


def parse_findings(text: str, what: str) -> Findings:
    """The text of a verification; text without a verdict, or with a word that is not known, is a failure."""
    report = text[text.rfind("\nstanza: ") + 1 :]
    status = STATUS.search(report)
    could_not = COULD_NOT.search(report)
    if could_not is not None:
        raise meaning_of(could_not[0], what)
    if status is None or status[1] not in ("ok", "error"):
        raise ToolError(
            what,
            cause="pgBackRest gave no verdict",
            next_action="Compare the version of pgBackRest with the ones that are supported",
        )
    backups: dict[str, Finding] = {}
    archives: dict[str, Finding] = {}
    current: Finding | None = None
    for line in report.splitlines():
        backup, archive = BACKUP.search(line), ARCHIVE.search(line)
        if backup is not None:
            current = Finding(int(backup["checked"]), int(backup["valid"]), backup["status"])
            backups[backup["id"]] = current
        elif archive is not None:
            current = Finding(int(archive["checked"]), int(archive["valid"]), "valid")
            archives[archive["id"]] = current
        elif current is not None:
            current.counts.update({name: int(count) for name, count in COUNT.findall(line)})
    return Findings(status[1] == "ok", backups, archives, damaged_files(text))


def damaged_files(text: str) -> list[str]:
    named = re.findall(r"(invalid checksum|file missing|invalid size)[^']*'([^']+)'", text)
    return sorted({f"{path} ({problem})" for problem, path in named})[:50]
