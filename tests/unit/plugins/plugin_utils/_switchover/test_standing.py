# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against a switchover is all named, before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import TimelineError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.standing import (
    objections,
    require_same_story,
)

PRIMARY = {"in_recovery": False, "system_identifier": "7", "timeline": 1, "lsn": "0/9000000"}
STANDBY = {**PRIMARY, "in_recovery": True, "receiver": "streaming", "replay_paused": False}


def against(*, source: Any = None, target: Any = None) -> list[str]:
    return objections("fra-db1", {**PRIMARY, **(source or {})}, "dub-db1", {**STANDBY, **(target or {})})


def test_nothing_speaks_against_a_standby_that_streams() -> None:
    assert against() == []


def test_every_objection_is_named_and_not_only_the_first() -> None:
    assert against(source={"in_recovery": True}, target={"receiver": None, "replay_paused": True}) == [
        "fra-db1 is not a primary",
        "dub-db1 does not stream (receiver: none)",
        "the replay on dub-db1 is paused",
    ]


def test_a_standby_that_would_have_to_be_waited_for_inside_the_pause_is_too_far_behind() -> None:
    assert against(target={"lsn": "0/8000000"}) == []
    assert against(target={"lsn": "0/7FFFFFF"}) == ["dub-db1 is 16777217 bytes behind"]


@pytest.mark.parametrize("other", [{"timeline": 2}, {"system_identifier": "8"}])
def test_sides_of_two_systems_or_two_timelines_are_refused(other: dict[str, Any]) -> None:
    require_same_story("orders", "7", PRIMARY, STANDBY, evidence={})
    with pytest.raises(TimelineError, match="the inventory says system 7"):
        require_same_story("orders", "7", PRIMARY, {**STANDBY, **other}, evidence={})
