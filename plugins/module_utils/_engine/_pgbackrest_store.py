# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A repository as a store by way of pgBackRest: for places that only the tool can reach, such as another host's."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    meaning_of,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store, StoredObject


class PgBackRestStore(Store):
    """Contents are text, since the tool is spoken to in text."""

    def __init__(self, tool: PgBackRest) -> None:
        self.tool = tool

    def put(self, name: str, content: bytes) -> None:
        what = f"write {name} with pgBackRest"
        finished = run_tool(
            self.tool.argv("repo-put", "--raw", name), deadline=self.tool.deadline, stdin=content.decode()
        )
        if finished.rc != 0:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "pgbackrest", "rc": finished.rc})

    def get(self, name: str) -> bytes:
        return self.tool.require(f"read {name} with pgBackRest", "repo-get", "--raw", name).stdout.encode()

    def list(self, prefix: str) -> list[StoredObject]:
        what = f"list {prefix or 'the repository'} with pgBackRest"
        listed = self.tool.read_json(what, "repo-ls", *([prefix] if prefix else []))
        try:
            return [
                StoredObject(prefix + name, int(one.get("size", 0)), from_epoch(float(one.get("time", 0))))
                for name, one in listed.items()
                if name != "."
            ]
        except (AttributeError, TypeError, ValueError) as error:
            raise ToolError(
                what,
                cause=f"pgBackRest's list is not understood: {error}",
                next_action="Compare the version of pgBackRest with the ones that are supported",
            ) from error

    def delete(self, name: str) -> None:
        self.tool.require(f"remove {name} with pgBackRest", "repo-rm", name)
