# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The figures of a backup whose record was begun before they were known: they stand in the record, not in its tags."""

from __future__ import annotations

import json

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

# Tags by their names, as ``record_tags`` makes them.
Figures = dict[str, str]

LATE = ("of", "stopped", "size", "stored", "changed", "consistent")
TAG, INSIDE = "figures", "inside"
# The last member of a record: its own figures and those of the records before it, by set.
MEMBER = "figures"


def early_tags(tags: Figures) -> dict[str, str]:
    """What of a record's tags is known before its data is stored."""
    return {**{name: value for name, value in tags.items() if name not in LATE}, TAG: INSIDE}


def figures_of(tags: Figures) -> Figures:
    """What of a record's tags is known only afterwards."""
    return {name: tags[name] for name in LATE}


def figures_in(text: str, what: str) -> dict[str, Figures]:
    """What a record tells of itself and of those before it, by set.

    Only its last member is read: what comes before may be the names of a million files.
    """
    # Inside a value, a quote has a backslash before it.
    _rest, _mark, last = text.rpartition(f', "{MEMBER}": ')
    try:
        sets = json.loads(f'{{"{MEMBER}": {last}')[MEMBER]
        return {name: {each: str(figures[each]) for each in LATE} for name, figures in sets.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityError(
            what, cause=f"its record lacks or garbles {error}", next_action="Use another backup"
        ) from error
