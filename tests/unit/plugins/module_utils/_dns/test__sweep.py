# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether servers agree with the primary: data and serial, and serials wrap around."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._sweep import (
    Sweep,
    is_at_least,
    require_readable,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    RecordKey,
    RecordSet,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import NameServiceError

KEY = RecordKey("shop.storefront.example.", "A")


def answer(server: str, serial: int = 7, values: tuple[str, ...] = ("10.0.0.1",), ttl: int = 5) -> ServerAnswer:
    return ServerAnswer(server, 0.001, serial, negative_ttl=3, records={KEY: RecordSet(KEY, ttl, values)})


def silent(server: str) -> ServerAnswer:
    return ServerAnswer(server, 0.8, error="no answer within 0.8 s", error_code="DR-DNS-UNREACHABLE")


def behind(*others: ServerAnswer, accepted: frozenset[str] = frozenset()) -> list[str]:
    primary = answer("primary")
    return [each.server for each in Sweep(primary, (primary, *others)).behind(accepted)]


def test_same_data_and_a_serial_that_is_not_older_agree() -> None:
    assert behind(answer("same"), answer("newer", serial=8)) == []


def test_an_older_serial_is_behind_even_with_the_same_data() -> None:
    assert behind(answer("older", serial=6)) == ["older"]


def test_other_data_or_another_ttl_is_behind() -> None:
    assert behind(answer("data", values=("10.0.0.2",)), answer("ttl", ttl=60)) == ["data", "ttl"]


def test_silence_is_behind_unless_it_is_accepted() -> None:
    assert behind(silent("lost")) == ["lost"]
    assert behind(silent("lost"), accepted=frozenset({"lost"})) == []


def test_an_accepted_server_that_answers_must_agree() -> None:
    assert behind(answer("back", serial=6), accepted=frozenset({"back"})) == ["back"]


@pytest.mark.parametrize(
    ("serial", "other", "expected"),
    [(1, 0, True), (0, 1, False), (5, 5, True), (1, 2**32 - 1, True), (2**32 - 1, 1, False)],
)
def test_serials_wrap_around(serial: int, other: int, expected: bool) -> None:
    assert is_at_least(serial, other) is expected


def test_the_longest_ttl_at_any_server_is_what_a_cache_may_hold() -> None:
    primary = answer("primary")
    sweep = Sweep(primary, (primary, answer("old", ttl=300), silent("lost")))
    assert sweep.longest_cache_seconds(KEY) == 300


def test_the_absence_of_a_record_is_cached_too() -> None:
    absent = ServerAnswer("primary", 0.001, 7, negative_ttl=3, records={KEY: RecordSet(KEY)})
    assert Sweep(absent, (absent,)).longest_cache_seconds(KEY) == 3


def test_a_silent_server_stops_a_change_before_it_begins() -> None:
    primary = answer("primary")
    with pytest.raises(NameServiceError, match="lost: no answer") as caught:
        require_readable(Sweep(primary, (primary, silent("lost"))), frozenset())
    assert caught.value.error_code == "DR-DNS-UNREACHABLE"
    require_readable(Sweep(primary, (primary, silent("lost"))), frozenset({"lost"}))
