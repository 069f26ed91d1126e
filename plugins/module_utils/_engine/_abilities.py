# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What an engine can do, by name; everything else is refused before anything is looked at."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget


class Abilities:
    """The part of an engine that says what it can."""

    NAME: str
    STRATEGIES: tuple[str, ...]
    # The kinds of repository that its tool can use, by their names in the registry.
    REPOSITORIES: tuple[str, ...]
    # The kinds of moment that it can recover to.
    TARGETS: tuple[str, ...] = ("latest", "immediate", "time", "lsn", "xid", "name")
    # The kinds of part that it can restore alone, by their names in a selection.
    PARTS: tuple[str, ...] = ()
    # Whether what it restores can take the place of the live data; if not, how an operator brings it there.
    RESTORES_IN_PLACE: bool = True
    WAY_INTO_PLACE: str = ""

    def require_strategy(self, strategy: str) -> None:
        """Raise when this kind of data has no such strategy: files, for one, have no transaction log."""
        require_known("strategy", f"{self.NAME} has no strategy", strategy, self.STRATEGIES)

    def require_target(self, target: RecoveryTarget) -> None:
        """Raise when this kind of data cannot be recovered to such a moment."""
        require_known("target", f"{self.NAME} cannot recover to a target of type", target.kind, self.TARGETS)

    def require_place(self, *, is_in_place: bool) -> None:
        """Raise when this kind of data cannot take the place of the live data."""
        if is_in_place and not self.RESTORES_IN_PLACE:
            raise InputError(
                "read the option mode",
                cause=f"{self.NAME} restores beside the live data only, and puts nothing in its place",
                next_action=self.WAY_INTO_PLACE,
            )

    def require_parts(self, wanted: dict[str, list[str]], *, is_in_place: bool) -> None:
        """Raise when a selected part cannot be restored alone, or not into this place."""
        for part in (name for name, members in wanted.items() if members):
            require_known("select", f"{self.NAME} cannot restore alone any", part, self.PARTS)


def require_known(option: str, complaint: str, wanted: str, known: tuple[str, ...]) -> None:
    """Raise for a value of an option that is none of the known ones."""
    next_action = f"Use one of {', '.join(known)}" if known else "Leave it out"
    if wanted not in known:
        raise InputError(f"read the option {option}", cause=f"{complaint} {wanted}", next_action=next_action)
