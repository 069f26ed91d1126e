# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory of another host as a store, over the sftp program."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    RecoveryError,
    RepositoryError,
    SpaceError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store, StoredObject

ANSWER_SECONDS = 20.0
# As the server lists them, one a line: mode, links, owner, group, size, month, day, time or year, name.
LISTED = re.compile(r"^(?P<mode>[-d]\S+) +\S+ +\S+ +\S+ +(?P<size>\d+) +(?P<when>\w+ +\d+ +[\d:]+) (?P<name>.+)$")


class SftpStore(Store):
    def __init__(self, argv: list[str], path: str) -> None:
        self.argv = argv
        self.path = path.rstrip("/")

    def put(self, name: str, content: bytes) -> None:
        with tempfile.TemporaryDirectory() as directory:
            local = Path(directory) / "content"
            local.write_bytes(content)
            self._run("write to it", f"put {_quoted(str(local))} {_quoted(self._at(name))}")

    def get(self, name: str) -> bytes:
        with tempfile.TemporaryDirectory() as directory:
            local = Path(directory) / "content"
            self._run("read from it", f"get {_quoted(self._at(name))} {_quoted(str(local))}")
            return local.read_bytes()

    def list(self, prefix: str) -> list[StoredObject]:
        directory = self._at(prefix).rstrip("/")
        try:
            said = self._run("list it", f"ls -ln {_quoted(directory)}")
        except RepositoryError as error:
            if prefix and "not found" in error.cause:
                return []
            raise
        found = [LISTED.match(line) for line in said.splitlines()]
        return [
            StoredObject(prefix + Path(one["name"]).name, int(one["size"]), listed_time(one["when"], datetime.now(UTC)))
            for one in found
            if one is not None
        ]

    def delete(self, name: str) -> None:
        self._run("delete from it", f"rm {_quoted(self._at(name))}")

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _run(self, what: str, command: str) -> str:
        finished = run_tool(
            self.argv, deadline=Deadline(ANSWER_SECONDS), stdin=command + "\n", environment={"TZ": "UTC"}
        )
        if finished.rc != 0:
            raise refused(f"{what}: {self.argv[-1]}:{self.path}", finished.stderr or finished.stdout)
        return finished.stdout


def refused(what: str, said: str) -> RecoveryError:
    """What the words of sftp and ssh mean."""
    cause = " ".join(said.split())[-400:]
    if re.search(r"Host key verification failed|REMOTE HOST IDENTIFICATION", said):
        return AccessError(
            what, cause=cause, next_action="Compare the host's key with the one in known_hosts_file, by another way"
        )
    if re.search(r"[Pp]ermission denied", said):
        return AccessError(what, cause=cause, next_action="Correct the key, the user, or the owner of the directory")
    if re.search(r"No space left|Disk quota", said):
        return SpaceError(what, cause=cause, next_action="Free space there")
    return RepositoryError(what, cause=cause or "sftp said nothing", next_action="See whether the host answers")


def listed_time(text: str, at: datetime) -> datetime:
    """A time as ls writes it: with the hour when it is of the last half year, else with the year."""
    month, day, last = text.split()
    if ":" not in last:
        return datetime.strptime(f"{month} {day} {last}", "%b %d %Y").replace(tzinfo=UTC)
    seen = datetime.strptime(f"{at.year} {month} {day} {last}", "%Y %b %d %H:%M").replace(tzinfo=UTC)
    return seen if seen <= at.replace(hour=23, minute=59) else seen.replace(year=at.year - 1)


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
