# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A repository as it was: wanted is that nothing which was there at a moment is removed or written over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    InputError,
    PreconditionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._versions import (
    Lost,
    StoredVersion,
    lost_since,
)

MOST_NAMED = 20


class RepositoryReturn:
    """A Subject: what a store shows of a repository; the versions below are never removed."""

    def __init__(self, tool: RepositoryTool, *, at: datetime, confirm: str | None) -> None:
        self.tool = tool
        self.at = at
        self.confirm = confirm
        self.what = f"bring {tool.repository} back to what it was at {written(at)}"
        self.lost: list[Lost] = []
        self.mended: list[StoredVersion] = []
        self.identity: str | None = None
        if at > now():
            raise InputError(
                "read the option as_of", cause=f"{written(at)} is yet to come", next_action="Give a moment that was"
            )

    def describe(self) -> Description:
        found = lost_since(self._store().versions(self.tool.root), self.at, self.mended)
        self.lost = self.lost or found
        return {
            "removed": len([each for each in found if each.marks]),
            "written_over": len([each for each in found if not each.marks]),
        }

    def _store(self) -> Store:
        store = self.tool.repository.open_store(self.tool.secrets())
        if store is None:
            raise PreconditionError(
                self.what,
                cause="only its tool reaches it from here, which knows no versions",
                next_action="Use another copy, or what the place itself offers: a snapshot, a soft delete",
            )
        return store

    def plan(self, before: Description) -> Description:
        return {"removed": 0, "written_over": 0}

    def apply(self, before: Description, after: Description) -> None:
        name = self.tool.repository.name
        if self.confirm != name:
            raise InputError(
                self.what,
                cause=f"confirm is {self.confirm or 'not given'}, and the repository is {name}",
                next_action="Look in check mode at what would come back, and confirm it by the name of the repository",
            )
        store = self._store()
        for each in self.lost:
            if self.tool.deadline.is_over:
                raise DeadlineError(
                    self.what,
                    cause=f"{len(self.mended)} of {len(self.lost)} are back after {self.tool.deadline.seconds:g} s",
                    next_action="Run it again, which goes on from here, or raise the deadline",
                )
            for mark in each.marks:
                store.remove_version(mark)
            if not each.marks:
                store.bring_back(each.wanted)
            self.mended.append(each.wanted)
        self.identity = self.tool.identity()

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        names = sorted(each.wanted.name for each in self.lost)
        return {
            "repository": self.tool.repository.name,
            "as_of": written(self.at),
            "before": before,
            "brought_back": len(self.mended),
            "first_names": names[:MOST_NAMED],
        }

    def results(self, after: Description) -> dict[str, Any]:
        return {"identity": self.identity, "brought_back": len(self.mended), "lost": len(self.lost)}
