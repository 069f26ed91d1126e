# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup and the log that a target is recovered from, and the reasons to refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.plugins.module_utils._engine.binary_logs import FIRST_AT, log, logs, record, start

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import LogPosition
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_choice import Way, choose
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    History,
    LogArchive,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_replay import needed, runs
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LogGapError, TimelineError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

LATEST = RecoveryTarget("latest")
STARTS = {"F1": start("F1", 1), "F2": start("F2", 3)}
RECORDS = [record(each) for each in STARTS.values()]
HELD = logs(1, 2, 3, 4)


def at(second: float) -> RecoveryTarget:
    moment = FIRST_AT + timedelta(seconds=second)
    return RecoveryTarget("time", written(moment), moment)


def chosen(
    target: RecoveryTarget, archive: LogArchive = HELD, *, backup: str | None = None, timeline: int | None = None
) -> Way:
    return choose(RECORDS, STARTS, archive, target, backup=backup, timeline=timeline)


def test_the_newest_backup_before_the_target_is_chosen() -> None:
    assert chosen(at(150)).record.id == "F1" and chosen(at(215)).record.id == "F2"
    assert chosen(LATEST).record.id == "F2" and chosen(LATEST, backup="F1").record.id == "F1"
    assert chosen(RecoveryTarget("log_position", "bin.000003:400")).record.id == "F1"
    assert chosen(RecoveryTarget("log_position", "bin.000003:500")).record.id == "F2"
    assert chosen(RecoveryTarget("gtid", "0-7-34")).record.id == "F1"
    assert chosen(RecoveryTarget("gtid", "0-7-35")).record.id == "F2"


def test_a_damaged_backup_is_passed_over() -> None:
    records = [RECORDS[0], record(STARTS["F2"], errors=["it is damaged"])]
    assert choose(records, STARTS, HELD, LATEST, backup=None, timeline=None).record.id == "F1"


@pytest.mark.parametrize(
    "target",
    [
        at(10),
        at(185),
        at(400),
        RecoveryTarget("log_position", "bin.000002:400"),
        RecoveryTarget("log_position", "bin.000003:400"),
        RecoveryTarget("log_position", "bin.000009:4"),
        RecoveryTarget("gtid", "0-7-24"),
        RecoveryTarget("gtid", "0-7-51"),
        RecoveryTarget("gtid", "5-7-1"),
    ],
    ids=str,
)
def test_a_target_before_the_first_in_a_gap_or_after_the_last_is_refused(target: RecoveryTarget) -> None:
    with pytest.raises(LogGapError, match="on timeline 1: .+; .+"):
        chosen(target, logs(1, 3, 4))


def test_only_the_files_up_to_the_target_are_needed() -> None:
    def numbers(target: RecoveryTarget) -> list[int]:
        return [each.log.number for each in needed(chosen(target, backup="F1"), target)]

    assert numbers(RecoveryTarget("immediate")) == [] and numbers(LATEST) == [1, 2, 3, 4]
    assert numbers(at(150)) == [1, 2] and numbers(RecoveryTarget("gtid", "0-7-20")) == [1]
    assert numbers(RecoveryTarget("gtid", "0-7-15")) == []
    assert numbers(RecoveryTarget("log_position", "bin.000003:4")) == [1, 2, 3]


def test_one_call_reads_files_up_to_one_that_ends_early() -> None:
    history = History().after(2, LogPosition.parse("bin.000002:300"), 5)
    archive = LogArchive([log(1), log(2), log(5, timeline=2, after=23)], {2: history})
    stretches = archive.follow(STARTS["F1"], 2)
    assert [[each.log.number for each in run] for run in runs(stretches)] == [[1, 2], [5]]


def test_a_moment_on_two_timelines_is_refused_until_one_is_named() -> None:
    history = History().after(2, LogPosition.parse("bin.000003:300"), 6)
    archive = LogArchive([log(1), log(2), log(3), log(4), log(6, timeline=2, after=33)], {2: history})
    with pytest.raises(TimelineError, match="Set timeline to 1 or 2"):
        chosen(at(250), archive)
    assert chosen(at(250), archive, timeline=1).window.timeline == 1
    assert chosen(at(390), archive).window.timeline == 2
    with pytest.raises(TimelineError, match="Name one of 1, 2"):
        chosen(LATEST, archive, timeline=4)
