# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way back a server's own log allows."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import ControlData
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_timeline import (
    Ancestry,
    parse_history,
    way_back,
)

HISTORY = "1\t0/5000100\tno recovery target specified\n\n2\t0/7000000\tno recovery target specified\n"


def control(state: str, *, timeline: int = 1, checkpoint: str = "0/5000028", reached: str = "0/0") -> ControlData:
    return ControlData(
        system_identifier="7",
        cluster_state=state,
        checkpoint_lsn=checkpoint,
        redo_lsn=checkpoint,
        timeline=timeline,
        previous_timeline=timeline,
        minimum_recovery_end_lsn=reached,
        minimum_recovery_end_timeline=0,
        wal_segment_bytes=16777216,
        has_data_checksums=True,
    )


def test_a_history_names_where_each_ancestor_was_left() -> None:
    assert parse_history(3, HISTORY) == Ancestry(3, {1: "0/5000100", 2: "0/7000000"})


@pytest.mark.parametrize(
    ("local", "way"),
    [
        (control("shut down"), "follow"),
        (control("shut down", checkpoint="0/5000100"), "rewind"),
        (control("shut down", checkpoint="0/6000000"), "rewind"),
        (control("in production"), "rewind"),
        (control("shut down in recovery", reached="0/5000100"), "follow"),
        (control("shut down in recovery", reached="0/5000108"), "rewind"),
        (control("shut down", timeline=4), "rewind"),
        (control("shut down in recovery", timeline=3), "follow"),
        (control("in archive recovery", timeline=3), "follow"),
        (control("shut down", timeline=3), "clone"),
        (control("in production", timeline=3), "clone"),
    ],
)
def test_only_a_log_that_is_part_of_the_history_may_follow(local: ControlData, way: str) -> None:
    assert way_back(local, parse_history(3, HISTORY)).way == way
