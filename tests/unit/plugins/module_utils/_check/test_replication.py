# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against a pair of servers: everything that is wrong, and everything that is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.replication import Pair, faults

GOOD = Pair(True, "streaming", 2, "711", "0/5000000", False, "711", 2, "0/5000100")


def test_a_good_pair_has_no_fault() -> None:
    assert faults(GOOD, "711", 1000) == []
    assert GOOD.lag_bytes == 0x100


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"standby_recovers": False}, "no standby"),
        ({"primary_recovers": True}, "no primary"),
        ({"receiver": None}, "not running"),
        ({"receiver": "waiting"}, "waiting"),
        ({"standby_identity": "712"}, "identities 712 and 711"),
        ({"standby_timeline": 1}, "timelines 1 and 2"),
        ({"standby_timeline": None}, "timelines None"),
        ({"written": "0/6000000"}, "16777216 bytes"),
        ({"replayed": None}, "unknown number"),
    ],
)
def test_each_fault_is_named(changed: dict[str, Any], named: str) -> None:
    assert any(named in fault for fault in faults(replace(GOOD, **changed), None, 1000))


def test_a_diverged_server_that_replayed_far_enough_still_fails() -> None:
    diverged = replace(GOOD, receiver=None, standby_timeline=1, replayed="0/5000200")
    assert len(faults(diverged, "711", 1000)) == 2


def test_both_must_be_the_declared_database() -> None:
    assert faults(GOOD, "999", 1000) == ["identity 711 where 999 is declared"]
