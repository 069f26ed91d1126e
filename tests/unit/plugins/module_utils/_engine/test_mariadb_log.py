# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The binary log in the repository: gaps, timelines, and the way through it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.plugins.module_utils._engine.binary_logs import log, logs, start
from tests.unit.plugins.module_utils._engine.records import backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import LogPosition
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import Holdings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    ArchivedLog,
    History,
    LogArchive,
    StartPoint,
    window_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch


def names(archive: LogArchive, of: StartPoint, timeline: int = 1) -> list[str]:
    return [
        f"{each.log.timeline}/{each.log.number}:{each.start}-{each.stop or ''}" for each in archive.follow(of, timeline)
    ]


def test_the_way_begins_in_the_file_of_the_backup_and_ends_at_the_first_gap() -> None:
    assert names(logs(1, 2, 3, 5), start("F", 2)) == ["1/2:500-", "1/3:0-"]
    assert names(logs(1, 3), start("F", 2)) == []


def test_files_that_do_not_fit_together_are_a_gap_although_their_numbers_do() -> None:
    other = LogArchive([log(1), log(2, after=99)])
    assert names(other, start("F", 1)) == ["1/1:500-"]
    older = LogArchive([log(1), log(2, created=5)])
    assert names(older, start("F", 1)) == ["1/1:500-"]
    foreign = LogArchive([log(1), log(2, server_id=8)])
    assert names(foreign, start("F", 1)) == ["1/1:500-"]


def test_numbers_that_began_anew_are_told_apart_by_when_they_were_written() -> None:
    again = LogArchive([log(1), log(2), log(1, created=600, after=30, shipment="new"), log(2, created=660, after=40)])
    assert [each.log.shipment for each in again.follow(start("F", 1), 1)] == ["s1-1", "s1-2"]
    later = again.follow(start("G", 1, second=630), 1)
    assert [each.log.created_at for each in later] == [again.logs[2].created_at, again.logs[3].created_at]


def test_a_recovery_leaves_an_abandoned_timeline_where_the_new_one_began() -> None:
    history = History().after(2, LogPosition.parse("bin.000002:300"), 5)
    younger = [log(5, timeline=2, after=23), log(6, timeline=2, after=33)]
    archive = LogArchive([log(1), log(2), log(3), *younger], {2: history})
    assert names(archive, start("F", 1), 2) == ["1/1:500-", "1/2:0-300", "2/5:0-", "2/6:0-"]
    assert names(archive, start("F", 1), 1) == ["1/1:500-", "1/2:0-", "1/3:0-"]
    # A backup from after the fork does not lie on the new timeline.
    assert not archive.leads_from(start("G", 3), 2)
    assert window_of(start("G", 3), "", 2, archive) is None
    assert names(archive, start("H", 5, timeline=2), 2) == ["2/5:500-", "2/6:0-"]


def test_a_missing_file_before_the_fork_ends_the_way_there() -> None:
    history = History().after(2, LogPosition.parse("bin.000003:300"), 5)
    archive = LogArchive([log(1), log(3), log(5, timeline=2, after=33)], {2: history})
    assert names(archive, start("F", 1), 2) == ["1/1:500-"]


def test_a_history_knows_who_wrote_a_file() -> None:
    second = History().after(2, LogPosition.parse("bin.000007:500"), 10)
    # The former log was lost, so the numbers began anew.
    third = second.after(3, LogPosition.parse("bin.000012:99"), 1)
    assert [second.timeline_of(number) for number in (9, 10)] == [1, 2]
    assert third.timeline_of(4) == 3
    assert History.parse(third.as_text()) == third and History.parse(History().as_text()) == History()
    for wrong in ("", "2;nonsense", "2;1@bin.000007:500", "two"):
        with pytest.raises(ValueError):
            History.parse(wrong)


def test_a_file_is_told_whole_in_its_tag() -> None:
    plain = log(7)
    torn = ArchivedLog.parse("s", plain.as_tag() + "|torn")
    assert ArchivedLog.parse(plain.shipment, plain.as_tag()) == plain and torn.is_torn
    assert ArchivedLog.parse("s", torn.as_tag()) == torn
    with pytest.raises(ValueError):
        ArchivedLog.parse("s", "bin.000001|1|2")


def test_a_torn_file_is_read_to_its_last_whole_transaction() -> None:
    torn = ArchivedLog.parse("s1-1", log(1).as_tag() + "|torn")
    assert names(LogArchive([torn, log(2)]), start("F", 1)) == ["1/1:500-1000", "1/2:0-"]


def test_gaps_are_named_and_the_same_file_twice_is_none() -> None:
    twice = LogArchive([log(1), log(1, shipment="again"), log(2), log(4)])
    assert Holdings(archive=twice).gaps() == ["between bin.000002 and bin.000004"]
    assert Holdings(archive=logs(1, 2, 3)).gaps() == []


def test_shipments_are_unneeded_only_when_all_of_their_files_are() -> None:
    archive = LogArchive([log(1, shipment="a"), log(2, shipment="b"), log(3, shipment="b")])
    begun = from_epoch(archive.logs[2].created_at + 1)
    oldest = replace(backup("F", 1, 1), started_at=begun)
    newest = replace(backup("G", 1, 1), started_at=begun + timedelta(hours=1))
    assert Holdings(archive=archive).shipments_before([newest, oldest]) == {"a"}
    assert Holdings(archive=archive).shipments_before([]) == set()


def test_a_backup_without_any_log_is_a_window_of_one_moment() -> None:
    found = window_of(start("F", 2), "0-7-25", 1, LogArchive())
    assert found is not None and found.from_at == found.until_at and str(found.until_position) == "bin.000002:500"
