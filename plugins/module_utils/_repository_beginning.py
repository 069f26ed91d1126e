# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A repository that is begun once, and never again where it is known to have been: an emptied one is an alarm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    PreconditionError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written


@dataclass(frozen=True)
class Memory:
    """What this host knows of a repository from before: losing the file loses an alarm, not a repository."""

    file: Path

    @property
    def identity(self) -> str | None:
        try:
            return str(json.loads(self.file.read_text(encoding="utf-8"))["identity"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, identity: str, place: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"identity": identity, "place": place, "known_since": written(now())}, sort_keys=True)
        write_durably(self.file, text + "\n")


class RepositoryBeginning:
    """A Subject: a repository that its tool has begun and can open, the same one as before."""

    def __init__(self, tool: RepositoryTool, memory: Memory, *, accept_new: str) -> None:
        self.tool = tool
        self.memory = memory
        self.accept_new = accept_new
        self.identity: str | None = None

    def describe(self) -> Description:
        self.tool.repository.require_ready()
        self.identity = self.tool.identity()
        is_known = self.identity is not None and self.identity == self.memory.identity
        return {"begun": self.identity is not None, "known_here": is_known}

    def plan(self, before: Description) -> Description:
        known = self.memory.identity
        if known is not None and known != self.identity and not self.accept_new:
            raise RepositoryError(
                f"use {self.tool.repository}",
                cause=f"this host knows it as {known}, and now {self._said()}",
                next_action=(
                    "Find out who emptied or replaced it. Only when that was meant, give accept_new_repository a reason"
                ),
                evidence={"known": known, "seen": self.identity},
            )
        if not before["begun"]:
            self._require_empty()
        return {"begun": True, "known_here": True}

    def _said(self) -> str:
        return "nothing was begun there" if self.identity is None else f"it is {self.identity}"

    def _require_empty(self) -> None:
        """Where a tool has a directory of its own; one that shares its place refuses by itself what it cannot use."""
        store = self.tool.repository.open_store(self.tool.secrets()) if self.tool.root else None
        found = [] if store is None else [each.name for each in store.list(self.tool.root)]
        if found:
            raise PreconditionError(
                f"initialise {self.tool.repository}",
                cause=f"it is not empty: {', '.join(sorted(found)[:5])}",
                next_action="Find out whose these are; name an empty place, or bring back what is missing there",
            )

    def apply(self, before: Description, after: Description) -> None:
        if not before["begun"]:
            self.tool.initialise()
        identity = self.tool.identity()
        if identity is not None:
            self.memory.keep(identity, self.tool.repository.place)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        name = self.tool.repository.name
        return {
            "repository": name,
            "identity": self.identity,
            "accepted_new": self.accept_new or None,
            "before": before,
        }

    def results(self, after: Description) -> dict[str, Any]:
        return {"identity": self.identity}
