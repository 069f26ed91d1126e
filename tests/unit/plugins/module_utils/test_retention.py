# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept: never less than the floors, whatever the history and the policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plugins.module_utils._engine.records import BEGIN, backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import (
    TRUST_LEVELS,
    BackupRecord,
    Trust,
    is_trusted_as,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention import (
    RetentionPolicy,
    needs,
    retain,
    usable_of,
)

COUNTS = st.integers(0, 5)


def taken(name: str, day: float, level: str = "taken", **changes: Any) -> BackupRecord:
    """A backup that ended a number of days after the beginning."""
    record = backup(name, 2, 2)
    at = BEGIN + timedelta(days=day)
    return replace(record, started_at=at, stopped_at=at, trust=Trust(level), **changes)


def policy(**given: int) -> RetentionPolicy:
    return RetentionPolicy.of(given)


def proven(records: list[BackupRecord]) -> list[BackupRecord]:
    return [record for record in usable_of(records) if is_trusted_as(record.trust.level, "restored")]


@st.composite
def histories(draw: st.DrawFn) -> list[BackupRecord]:
    """Full backups and what builds on them or on each other, damaged ones and members of sets among them."""
    records: list[BackupRecord] = []
    for number, gap in enumerate(draw(st.lists(st.floats(0.01, 90), min_size=1, max_size=14))):
        day = (records[-1].stopped_at - BEGIN) / timedelta(days=1) + gap if records else gap
        builds_on_another: bool = draw(st.booleans())
        parent = draw(st.sampled_from(records)) if records and builds_on_another else None
        records.append(
            taken(
                f"B{number:02}",
                day,
                draw(st.sampled_from(TRUST_LEVELS)),
                parent=None if parent is None else parent.id,
                chain=[] if parent is None else [*parent.chain, parent.id],
                errors=draw(st.sampled_from([[], [], [], ["damaged"]])),
                consistency_id=draw(st.sampled_from(["", "", "one", "two"])),
            )
        )
    return draw(st.permutations(records))


@st.composite
def policies(draw: st.DrawFn) -> RetentionPolicy:
    names = ("keep_last", "keep_days", "daily", "weekly", "monthly", "yearly")
    given = {name: draw(COUNTS) for name in names}
    return RetentionPolicy.of({**given, "keep_last": given["keep_last"] + 1, "minimum_proven": draw(COUNTS)})


@settings(max_examples=60)
@given(histories(), policies())
def test_the_floors_stand_and_every_chain_stays_whole(records: list[BackupRecord], wanted: RetentionPolicy) -> None:
    outcome = retain(records, wanted)
    kept = set(outcome.kept)
    by_id = {record.id: record for record in records}
    assert kept | {record.id for record in outcome.removable} == set(by_id)
    assert all(outcome.reasons.values())
    usable = sorted(usable_of(records), key=lambda each: each.stopped_at)
    if not usable:
        assert not outcome.removable
    assert {record.id for record in usable[-1:]} <= kept
    trusted = sorted(proven(records), key=lambda each: each.stopped_at)
    assert {record.id for record in trusted[-max(wanted.minimum_proven, 1) :]} <= kept
    assert all(needs(by_id[name]) & by_id.keys() <= kept for name in kept)
    sets = {by_id[name].consistency_id for name in kept} - {""}
    assert all(record.id in kept for record in records if record.consistency_id in sets)


@settings(max_examples=60)
@given(histories(), policies())
def test_a_second_time_nothing_more_may_go(records: list[BackupRecord], wanted: RetentionPolicy) -> None:
    kept = set(retain(records, wanted).kept)
    again = retain([record for record in records if record.id in kept], wanted)
    assert again.removable == []


@settings(max_examples=60)
@given(histories(), policies(), st.sampled_from(["keep_last", "keep_days", "daily", "yearly", "minimum_proven"]))
def test_who_wants_more_keeps_more(records: list[BackupRecord], wanted: RetentionPolicy, name: str) -> None:
    more = replace(wanted, **{name: getattr(wanted, name) + 1})
    assert set(retain(records, wanted).kept) <= set(retain(records, more).kept)


@settings(max_examples=60)
@given(histories(), policies())
def test_what_builds_on_another_goes_before_it(records: list[BackupRecord], wanted: RetentionPolicy) -> None:
    order = [record.id for record in retain(records, wanted).removable]
    by_id = {record.id: record for record in records}
    assert all(order.index(name) < order.index(on) for name in order for on in needs(by_id[name]) if on in order)


def test_counts_ages_and_generations_each_keep_what_they_name() -> None:
    records = [taken(f"D{day:03}", day) for day in range(400)]
    assert retain(records, policy(keep_last=2)).kept == ["D398", "D399"]
    assert retain(records, policy(keep_days=2)).kept == ["D397", "D398", "D399"]
    assert retain(records, policy(daily=3)).kept == ["D397", "D398", "D399"]
    # 2027-02-05 is a Friday: the Sundays before it, and the ends of January, of December and of the year.
    assert retain(records, policy(weekly=2)).kept == ["D394", "D399"]
    assert retain(records, policy(monthly=3, yearly=2)).kept == ["D363", "D394", "D399"]


def test_two_backups_of_a_day_are_one_generation() -> None:
    records = [taken("morning", 0.1), taken("evening", 0.5), taken("next", 1.1)]
    assert retain(records, policy(daily=2)).kept == ["evening", "next"]


def test_the_newest_proven_one_stays_however_old_it_is() -> None:
    records = [taken("proven", 0, "verified"), *(taken(f"new{day}", 100 + day) for day in range(3))]
    outcome = retain(records, policy(keep_last=1))
    assert outcome.reasons == {
        "proven": ["the newest proven one", "minimum_proven: 1"],
        "new2": ["keep_last: 1", "the newest usable one"],
    }


def test_a_checked_backup_is_not_a_proven_one() -> None:
    records = [taken("old", 0, "restored"), taken("new", 5, "checked")]
    assert retain(records, policy(keep_last=1)).kept == ["old", "new"]


def test_when_backups_stop_nothing_goes_because_of_its_age() -> None:
    records = [taken("a", 0), taken("b", 1)]
    assert retain(records, policy(keep_days=3)).removable == []


def test_an_interrupted_one_goes_when_a_usable_one_is_a_day_newer() -> None:
    stopped = taken("stopped", 0, errors=["it was interrupted"])
    young = retain([stopped, taken("next", 0.5)], policy(keep_last=9))
    assert young.reasons["stopped"] == ["not usable, and no usable one is sufficiently newer"]
    assert [each.id for each in retain([stopped, taken("next", 1.5)], policy(keep_last=9)).removable] == ["stopped"]


def test_what_builds_on_a_damaged_one_counts_as_damaged() -> None:
    damaged = taken("full", 0, errors=["a file is damaged"])
    on_it = taken("incremental", 1, "verified", parent="full", chain=["full"])
    outcome = retain([damaged, on_it], policy(keep_last=1))
    assert set(outcome.reasons["full"] + outcome.reasons["incremental"]) == {"no usable backup is known"}


def test_a_parent_without_a_chain_is_not_needed() -> None:
    records = [taken("first", 0), taken("second", 1, parent="first")]
    assert retain(records, policy(keep_last=1)).kept == ["second"]


def test_a_member_of_a_set_that_is_kept_elsewhere_stays() -> None:
    records = [taken("in_set", 0, consistency_id="nightly"), taken("alone", 1), taken("newest", 2)]
    outcome = retain(records, policy(keep_last=1), sets=["nightly"])
    assert outcome.reasons["in_set"] == ["in the set nightly"] and outcome.sets == ["nightly"]
    assert retain(records, policy(keep_last=1)).kept == ["newest"]


@pytest.mark.parametrize("given", [{}, {"minimum_proven": 3}, {"keep_last": 0}, {"keep_last": 3, "daily": -1}])
def test_a_policy_that_wants_nothing_is_refused(given: dict[str, int]) -> None:
    with pytest.raises(InputError, match="policy"):
        RetentionPolicy.of(given)
