# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The slot by which the new primary keeps the log that the old one needs to follow it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session

# It ends with the session: a standby that is not promoted after all must not keep its log for nobody.
HOLD = "SELECT pg_create_physical_replication_slot(%s, true, true)"
KEEP = """
SELECT pg_copy_physical_replication_slot(%s, %s, false)
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %s)
"""


@dataclass(frozen=True)
class Slot:
    """Held from before the promotion on, and kept once the promotion is proven."""

    session: Session
    name: str

    @classmethod
    def of(cls, host: str, session: Session) -> Slot:
        """Named as a rejoin of this host names it."""
        return cls(session, host.replace("-", "_").lower())

    @property
    def held(self) -> str:
        return f"recovery_{self.name}"[:63]

    def hold(self) -> None:
        self.session.rows(HOLD, (self.held,))

    def keep(self) -> None:
        self.session.rows(KEEP, (self.held, self.name, self.name))
