# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups a policy has verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.unit.plugins.module_utils._engine.records import backup, minute

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord, Trust
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._verification_sample import Sample, sampled

RECORDS = [backup(f"B{number}", number, number) for number in range(1, 9)]


def proven(record: BackupRecord, at: datetime, level: str = "checked") -> BackupRecord:
    return replace(record, trust=Trust(level, written(at), {level: written(at)}))


def names(sample: Sample, records: list[BackupRecord] = RECORDS, since: datetime | None = None) -> list[str]:
    return [record.id for record in sampled(records, sample, "checked", since)]


def test_the_newest_and_the_one_that_waits_longest_are_taken() -> None:
    assert names(Sample()) == ["B1", "B8"]
    records = [proven(RECORDS[0], minute(100)), *RECORDS[1:]]
    assert names(Sample(), records) == ["B2", "B8"]


def test_evidence_that_is_too_old_is_as_good_as_none() -> None:
    records = [proven(each, minute(100 + number)) for number, each in enumerate(RECORDS)]
    assert names(Sample(newest=0, oldest_unproven=9), records, since=minute(102)) == ["B1", "B2"]
    assert names(Sample(newest=0), records) == []


def test_a_lower_level_is_not_enough() -> None:
    records = [proven(each, minute(100), "checked") for each in RECORDS]
    chosen = sampled(records, Sample(newest=0), "restored", None)
    assert [record.id for record in chosen] == ["B1"]


def test_a_damaged_one_is_left_out() -> None:
    records = [replace(RECORDS[0], errors=["damaged"]), *RECORDS[1:]]
    assert names(Sample(), records) == ["B2", "B8"]


def test_the_newest_is_looked_at_again_although_it_is_damaged_and_so_is_the_newest_usable_one() -> None:
    records = [*RECORDS[:7], replace(RECORDS[7], errors=["damaged"])]
    assert names(Sample(oldest_unproven=0), records) == ["B7", "B8"]
    assert names(Sample(newest=0), records) == ["B1"]


def test_one_without_evidence_comes_before_one_whose_evidence_is_old_and_the_oldest_evidence_before_newer() -> None:
    evidence = {0: 110, 1: 101, 2: 105}
    records = [
        proven(each, minute(evidence[number])) if number in evidence else each for number, each in enumerate(RECORDS)
    ]
    waiting = [names(Sample(newest=0, oldest_unproven=count), records[:4], minute(200)) for count in range(1, 5)]
    assert waiting == [["B4"], ["B2", "B4"], ["B2", "B3", "B4"], ["B1", "B2", "B3", "B4"]]


def test_nightly_looks_reach_every_backup() -> None:
    """The oldest one does not take the turn of the others each time its evidence is too old again."""
    records = list(RECORDS)
    for night in range(16):
        [chosen] = names(Sample(newest=0), records, minute(1000 + night - 3))
        records = [proven(each, minute(1000 + night)) if each.id == chosen else each for each in records]
    assert all(each.is_proven_as("checked", since=minute(1000 + 16 - 8)) for each in records)


def test_the_random_share_is_decided_by_the_seed_alone() -> None:
    share = Sample(newest=0, oldest_unproven=0, random_percent=25, seed="monday")
    drawn = names(share)
    assert len(drawn) == 2 and drawn == names(share) == names(share, list(reversed(RECORDS)))[::-1]
    others = {tuple(names(replace(share, seed=f"day {number}"))) for number in range(20)}
    assert len(others) > 5
    assert names(replace(share, random_percent=1)) != [] and len(names(replace(share, random_percent=100))) == 8
