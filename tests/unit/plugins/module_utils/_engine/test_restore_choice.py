# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup that a target is recovered from, and the reasons to refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.plugins.module_utils._engine.records import SEGMENT_BYTES, archive, backup, minute, position

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import choose
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    LogGapError,
    RepositoryError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

LATEST = RecoveryTarget("latest")
RECORDS = [backup("F1", 2, 2), backup("F2", 5, 5)]
HELD = archive({1: [2, 3, 4, 5, 6, 7]})


def at(number: float) -> RecoveryTarget:
    return RecoveryTarget("time", written(minute(number)), minute(number))


def test_the_newest_backup_before_the_target_is_chosen() -> None:
    assert choose(RECORDS, HELD, at(4.5), backup=None, timeline=None)[0].id == "F1"
    assert choose(RECORDS, HELD, at(6), backup=None, timeline=None)[0].id == "F2"
    assert choose(RECORDS, HELD, LATEST, backup=None, timeline=None)[0].id == "F2"


def test_a_damaged_backup_is_passed_over() -> None:
    records = [RECORDS[0], backup("F2", 5, 5, errors=["1 file is damaged"])]
    assert choose(records, HELD, LATEST, backup=None, timeline=None)[0].id == "F1"


def test_a_position_must_lie_after_the_backup_and_before_the_end_of_the_log() -> None:
    inside = RecoveryTarget("lsn", position(6))
    assert choose(RECORDS, HELD, inside, backup=None, timeline=None)[0].id == "F2"
    with pytest.raises(LogGapError, match="outside of what can be recovered"):
        choose(RECORDS, HELD, RecoveryTarget("lsn", position(9)), backup=None, timeline=None)


@pytest.mark.parametrize("moment", [1, 4, 8])
def test_a_target_before_the_first_in_a_gap_or_after_the_last_is_refused(moment: float) -> None:
    with_gap = archive({1: [2, 3, 5, 6, 7]})
    with pytest.raises(LogGapError, match="on timeline 1: .+; .+"):
        choose(RECORDS, with_gap, at(moment), backup=None, timeline=None)


def test_a_backup_that_was_asked_for_is_taken_or_refused_but_never_replaced() -> None:
    assert choose(RECORDS, HELD, at(6), backup="F1", timeline=None)[0].id == "F1"
    with pytest.raises(LogGapError):
        choose(RECORDS, HELD, at(4), backup="F2", timeline=None)
    with pytest.raises(InputError, match="there is no backup F9"):
        choose(RECORDS, HELD, LATEST, backup="F9", timeline=None)
    with pytest.raises(IntegrityError, match="F3 is damaged: torn"):
        choose([backup("F3", 2, 2, errors=["torn"])], HELD, LATEST, backup="F3", timeline=None)


def test_an_empty_repository_and_one_of_damaged_backups_are_told_apart() -> None:
    with pytest.raises(RepositoryError):
        choose([], HELD, LATEST, backup=None, timeline=None)
    with pytest.raises(IntegrityError, match="all backups are damaged"):
        choose([backup("F1", 2, 2, errors=["torn"])], HELD, LATEST, backup=None, timeline=None)


FORKED = archive(
    {1: [2, 3, 4, 5, 6], 2: [4, 7, 8]}, {2: [(1, 4 * SEGMENT_BYTES + 10)]}, {2: minute(6) + timedelta(seconds=30)}
)


def test_a_moment_that_two_timelines_saw_needs_the_timeline() -> None:
    with pytest.raises(TimelineError, match="timeline 1 and on timeline 2"):
        choose(RECORDS[:1], FORKED, at(5), backup=None, timeline=None)
    assert choose(RECORDS[:1], FORKED, at(5), backup=None, timeline=1)[1].timeline == 1


def test_a_moment_before_the_fork_is_not_ambiguous() -> None:
    assert choose(RECORDS[:1], FORKED, at(2.5), backup=None, timeline=None)[1].timeline == 2


def test_the_end_of_a_backup_is_recovered_along_its_own_timeline() -> None:
    forked_at_its_end = archive({1: [2, 3, 4], 2: [4, 5]}, {2: [(1, parse_lsn(RECORDS[0].stop_lsn))]})
    immediate = RecoveryTarget("immediate")
    for backup_id in ("F1", None):
        record, window = choose(RECORDS[:1], forked_at_its_end, immediate, backup=backup_id, timeline=None)
        assert (record.id, window.timeline) == ("F1", 1)


def test_a_timeline_that_is_not_there_is_refused() -> None:
    with pytest.raises(TimelineError, match="timeline 7 is not in the archive"):
        choose(RECORDS, HELD, LATEST, backup=None, timeline=7)


def test_a_later_timeline_without_its_history_is_not_left_out_in_silence() -> None:
    with_orphan = archive({1: [2, 3, 4, 5, 6], 2: [6, 7]})
    with pytest.raises(TimelineError, match="timeline 2 but not its history file.+00000002.history"):
        choose(RECORDS, with_orphan, LATEST, backup=None, timeline=None)
    assert choose(RECORDS, with_orphan, LATEST, backup=None, timeline=1)[1].timeline == 1
    # Where a backup was taken on it, recovery begins there and needs no history.
    later = backup("F3", 7, 7, timeline=2)
    assert choose([*RECORDS, later], with_orphan, LATEST, backup=None, timeline=None)[0].id == "F3"
