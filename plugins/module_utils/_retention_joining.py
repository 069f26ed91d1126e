# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which full-system sets stay, over all the places that hold a member of one: a set is whole or gone; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Bond:
    """What one backup is tied to: the set that it is a member of, and what it is not restored without."""

    set_id: str
    needs: frozenset[str]


@dataclass
class Outcome:
    """What one call of backup_retention in check mode would do."""

    bonds: dict[str, Bond]
    kept: set[str]

    def keep(self, sets: set[str]) -> set[str]:
        """Keep the members of these sets with all that they need; the sets of which a member is kept now."""
        self.kept |= {name for name, bond in self.bonds.items() if bond.set_id in sets}
        while (
            missing := {need for name in self.kept for need in self.bonds[name].needs & self.bonds.keys()} - self.kept
        ):
            self.kept |= missing
        return {self.bonds[name].set_id for name in self.kept} - {""}


def kept_sets(looks: Iterable[Any], wanted: int) -> list[str]:
    """See kept_sets.yml."""
    results = list(looks)
    outcomes = [outcome_of(each) for each in results if not is_failed(each)]
    known = {bond.set_id for outcome in outcomes for bond in outcome.bonds.values()} - {""}
    if len(outcomes) < wanted:
        # What was not seen may hold a member that is wanted there: no set is touched anywhere.
        return sorted(known)
    sets: set[str] = set()
    while True:
        found = sets.union(*(outcome.keep(sets) for outcome in outcomes))
        if found == sets:
            return sorted(sets)
        sets = found


def is_failed(look: Any) -> bool:
    return not isinstance(look, Mapping) or any(look.get(flag) for flag in ("failed", "skipped", "unreachable"))


def outcome_of(look: Mapping[str, Any]) -> Outcome:
    """What a result says; one that is not understood is no ground for removing anything."""
    try:
        told = [*look["kept"], *look["removed"]]
        bonds = {str(one["id"]): Bond(str(one["consistency_id"]), frozenset(map(str, one["needs"]))) for one in told}
        return Outcome(bonds, {str(one["id"]) for one in look["kept"]})
    except (KeyError, TypeError) as error:
        raise InputError(
            "join what would be kept",
            cause=f"a result of backup_retention lacks or garbles {error}",
            next_action="Give it the registered results of backup_retention in check mode",
        ) from error
