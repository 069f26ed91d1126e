# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Windows are split where the log has a gap, and follow a timeline through its forks."""

from __future__ import annotations

import pytest
from tests.unit.plugins.module_utils._engine.records import SEGMENT_BYTES, archive, backup, minute

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    Segments,
    lsn_text,
    windows_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError


def test_a_segments_name_and_number_are_the_same_thing() -> None:
    segments = Segments()
    for number in (0, 1, 255, 256, 1000):
        assert segments.parse(segments.name(3, number)) == (3, number)
    assert segments.name(1, 256) == "000000010000000100000000"
    assert Segments(1024 * 1024 * 64).name(1, 64) == "000000010000000100000000"


def test_a_name_that_is_no_segment_is_a_failure() -> None:
    with pytest.raises(IntegrityError):
        Segments().parse("00000002.history")


def test_a_position_is_written_as_postgresql_writes_it() -> None:
    assert lsn_text(0x1_0000_00AB) == "1/AB"


def test_a_gap_free_log_makes_one_window_of_all_backups() -> None:
    (window,) = windows_of([backup("F1", 2, 2), backup("F2", 5, 6)], archive({1: [1, 2, 3, 4, 5, 6, 7]}))
    assert window.backups == ["F1", "F2"]
    assert (window.from_at, window.until_at) == (minute(2), minute(7))
    assert window.until_lsn == 8 * SEGMENT_BYTES


def test_a_missing_segment_splits_the_window() -> None:
    first, second = windows_of([backup("F1", 2, 2), backup("F2", 5, 6)], archive({1: [1, 2, 3, 5, 6, 7]}))
    assert (first.from_at, first.until_at) == (minute(2), minute(3))
    assert (second.from_at, second.until_at) == (minute(6), minute(7))


def test_a_backup_without_its_own_log_opens_no_window() -> None:
    assert windows_of([backup("F1", 2, 4)], archive({1: [2, 4, 5]})) == []


def test_a_damaged_backup_opens_no_window() -> None:
    assert windows_of([backup("F1", 2, 2, errors=["damaged"])], archive({1: [2, 3]})) == []


def test_a_timeline_is_followed_through_its_fork() -> None:
    held = archive({1: [2, 3, 4, 5], 2: [4, 5, 6]}, {2: [(1, 4 * SEGMENT_BYTES + 10)]})
    old, new = windows_of([backup("F1", 2, 2)], held)
    assert (old.timeline, old.until_at) == (1, minute(5))
    assert (new.timeline, new.until_at) == (2, minute(6))


def test_a_gap_before_the_fork_ends_the_new_timelines_window() -> None:
    held = archive({1: [2, 5], 2: [4, 5, 6]}, {2: [(1, 4 * SEGMENT_BYTES + 10)]})
    assert {each.until_at for each in windows_of([backup("F1", 2, 2)], held)} == {minute(2)}


def test_a_backup_taken_after_the_fork_is_not_on_the_new_timeline() -> None:
    held = archive({1: [2, 3, 4, 5], 2: [3, 4]}, {2: [(1, 3 * SEGMENT_BYTES)]})
    assert [each.timeline for each in windows_of([backup("F1", 4, 4)], held)] == [1]
