# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Joining into the ledgers of this host what other hosts know of the same backups."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import Entries, joined_entries
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger


class TrustSharing:
    """A Subject: what some ledgers of this host know of the backups that others told about."""

    def __init__(self, told: list[tuple[TrustLedger, Entries]]) -> None:
        self.told = told
        self.known: list[Entries] = []

    def describe(self) -> Description:
        self.known = [ledger.read() for ledger, _entries in self.told]
        return {
            name_of(ledger): {name: known[name] for name in entries if name in known}
            for (ledger, entries), known in zip(self.told, self.known, strict=True)
        }

    def plan(self, before: Description) -> Description:
        return {
            name: joined_entries([before[name], entries])
            for (ledger, entries) in self.told
            for name in [name_of(ledger)]
        }

    def apply(self, before: Description, after: Description) -> None:
        for ledger, entries in self.told:
            if before[name_of(ledger)] != after[name_of(ledger)]:
                ledger.join(entries)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        learned = {
            name: sorted(each for each in entries if before[name].get(each) != entries[each])
            for name, entries in after.items()
        }
        return {"learned": {name: backups for name, backups in learned.items() if backups}}

    def results(self, after: Description) -> dict[str, Any]:
        """In check mode as it would be."""
        ledgers = [
            {
                "stanza": ledger.stanza,
                "repository": ledger.repository,
                "entries": {**known, **after[name_of(ledger)]},
            }
            for (ledger, _entries), known in zip(self.told, self.known, strict=True)
        ]
        return {"ledgers": ledgers}


def name_of(ledger: TrustLedger) -> str:
    return f"{ledger.stanza} in {ledger.repository}"
