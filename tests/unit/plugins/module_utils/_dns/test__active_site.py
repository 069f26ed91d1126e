# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The active-site record: what it says, and how its counter moves."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._active_site import ActiveSite, moved
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import RecordKey, RecordSet
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import NameServiceError

KEY = RecordKey("_recovery.storefront.example.", "TXT")


def test_a_record_of_the_right_form_is_read() -> None:
    record = RecordSet(KEY, 5, ("site=dublin counter=12",))
    assert ActiveSite.from_record(record) == ActiveSite("dublin", 12)
    assert str(ActiveSite("dublin", 12)) == record.values[0]


def test_no_record_is_nobody() -> None:
    assert ActiveSite.from_record(RecordSet(KEY)) is None


@pytest.mark.parametrize(
    "values",
    [("by hand",), ("site=dublin",), ("site=dublin counter=-1",), ("site=a counter=1", "site=b counter=2")],
)
def test_anything_else_is_an_error_and_never_taken_for_nobody(values: tuple[str, ...]) -> None:
    with pytest.raises(NameServiceError, match="not of the form"):
        ActiveSite.from_record(RecordSet(KEY, 5, values))


def test_the_counter_rises_with_each_move_and_only_then() -> None:
    assert moved(None, "dublin") == ActiveSite("dublin", 1)
    assert moved(ActiveSite("frankfurt", 3), "dublin") == ActiveSite("dublin", 4)
    assert moved(ActiveSite("dublin", 4), "dublin") == ActiveSite("dublin", 4)
