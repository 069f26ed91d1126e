# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The keys of a repository: another passphrase is added and proven before an old one is taken away."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import EncryptionError, InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written


class KeyRotation:
    """A Subject: a passphrase that opens a repository, and one that does no more."""

    def __init__(self, tool: RepositoryTool, *, new: str, old: str | None) -> None:
        if not new or new != new.strip() or "\n" in new or new == old:
            raise InputError(
                "read the option new_passphrase",
                cause="it is empty, is not one line without white space at its ends, or is the old one",
                next_action="Give another passphrase",
            )
        self.tool = tool
        self.new = new
        self.old = old
        # As the last passphrase that opened it listed them.
        self._listed: list[str] = []

    def describe(self) -> Description:
        described: Description = {"new_opens": self._opens(self.new)}
        if self.old is not None:
            described["old_opens"] = self._opens(self.old)
        return described

    def plan(self, before: Description) -> Description:
        return {"new_opens": True, **({} if self.old is None else {"old_opens": False})}

    def apply(self, before: Description, after: Description) -> None:
        if not before["new_opens"]:
            self.tool.add_key(self.new)
        self._listed = self.tool.keys(self.new)
        if self.old is not None and before["old_opens"]:
            self.tool.remove_key(self.old)

    def _opens(self, passphrase: str) -> bool:
        try:
            self._listed = self.tool.keys(passphrase)
        except EncryptionError:
            return False
        return True

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"repository": self.tool.repository.name, "before": before}

    def results(self, after: Description) -> dict[str, Any]:
        return {"keys": len(self._listed)}


def prove_escrow(tool: RepositoryTool, passphrase: str) -> dict[str, Any]:
    """The lost-key drill: the passphrase from the escrow opens the repository, and nothing of it is written."""
    if not passphrase:
        raise EncryptionError(
            f"open {tool.repository} with the escrowed passphrase",
            cause="it is empty",
            next_action="Fetch it from the escrow again, by hand as in a real loss",
        )
    identity = tool.identity_with(passphrase)
    proof = {
        "repository": tool.repository.name,
        "identity": identity,
        "key_id": tool.repository.key_id,
        "opened_at": written(now()),
    }
    return {"identity": identity, "escrow": proof, "recovery": proof}
