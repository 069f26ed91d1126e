# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A full-system set is whole or gone, wherever its members are kept and whatever each policy wants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plugins.module_utils.test_retention import histories, policies, policy, taken

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention import RetentionPolicy, retain
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention_applying import told
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention_joining import kept_sets

Place = tuple[list[BackupRecord], RetentionPolicy]


def look(records: list[BackupRecord], wanted: RetentionPolicy) -> dict[str, Any]:
    """As backup_retention returns it in check mode."""
    kept = set(retain(records, wanted).kept)
    return {
        "kept": [told(record) for record in records if record.id in kept],
        "removed": [told(record) for record in records if record.id not in kept],
    }


def left(places: list[Place]) -> list[set[str]]:
    """The sets of which each place still has a member when all was applied."""
    sets = kept_sets([look(*place) for place in places], len(places))
    kept = [set(retain(records, wanted, sets=sets).kept) for records, wanted in places]
    return [
        {record.consistency_id for record in records if record.id in names} - {""}
        for (records, _policy), names in zip(places, kept, strict=True)
    ]


@settings(max_examples=60)
@given(st.lists(st.tuples(histories(), policies()), min_size=1, max_size=4))
def test_a_set_that_stays_anywhere_stays_everywhere(places: list[Place]) -> None:
    staying = left(places)
    for (records, _policy), here in zip(places, staying, strict=True):
        assert here == {record.consistency_id for record in records} & set().union(*staying) - {""}


def test_a_set_that_nobody_wants_goes_and_one_that_is_needed_by_a_kept_one_stays() -> None:
    monday, tuesday, today = (
        taken(name, day, consistency_id=name) for day, name in enumerate(("monday", "tuesday", "today"))
    )
    # In the second place today's backup builds on monday's, so monday stays in the first one, too.
    first = [monday, tuesday, today]
    second = [monday, tuesday, taken("chained", 3, consistency_id="today", parent="monday", chain=["monday"])]
    newest = policy(keep_last=1)
    assert left([(first, newest)]) == [{"today"}]
    assert left([(first, newest), (second, newest)]) == [{"monday", "today"}] * 2


def test_while_a_place_cannot_be_looked_at_no_set_is_touched() -> None:
    records = [taken("old", 0, consistency_id="old"), taken("alone", 1), taken("new", 2, consistency_id="new")]
    good = look(records, policy(keep_last=1))
    assert kept_sets([good], 1) == ["new"]
    for bad in ({"failed": True, "msg": "gone"}, {"unreachable": True}, None):
        assert kept_sets([good, bad], 2) == ["new", "old"]
    assert kept_sets([good], 2) == ["new", "old"]


def test_a_result_that_is_not_understood_is_an_error_and_no_permission() -> None:
    with pytest.raises(InputError, match="'removed'"):
        kept_sets([{"kept": []}], 1)
