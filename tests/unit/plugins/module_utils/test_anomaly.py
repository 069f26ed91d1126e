# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that is unlike the others is noticed before it counts as taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.plugins.module_utils._engine.records import backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._anomaly import (
    KINDS,
    AnomalyRules,
    anomalies_of,
    anomaly_options,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

OTHERS = [backup("F1", 2, 2), backup("F2", 3, 3), backup("F3", 4, 4)]
TAKEN = backup("F4", 5, 5)


def kinds(
    record: BackupRecord, others: list[BackupRecord] | None = None, rules: AnomalyRules | None = None
) -> list[str]:
    records = [*(OTHERS if others is None else others), record]
    return [each.kind for each in anomalies_of(record, records, rules or AnomalyRules())]


def test_a_backup_like_the_others_is_not_unusual() -> None:
    assert kinds(TAKEN) == []


@pytest.mark.parametrize(
    ("size", "stored", "expected"),
    [
        (0, 0, ["empty"]),
        (499, 50, ["shrunk"]),
        (500, 50, []),
        (3000, 300, []),
        (3001, 300, ["grown"]),
        (4000, 4000, ["grown"]),
        (1000, 0, []),
    ],
)
def test_each_limit_is_where_it_is_said_to_be(size: int, stored: int, expected: list[str]) -> None:
    assert kinds(replace(TAKEN, size_bytes=size, stored_bytes=stored)) == expected


@pytest.mark.parametrize(
    ("usual", "size", "stored", "expected"),
    [
        (150_000, 1_000_000, 300_000, []),
        (150_000, 1_000_000, 300_001, ["entropy"]),
        (150_000, 3_000_001, 3_000_000, ["grown", "entropy"]),
        # A busy day where quiet ones are usual, and a night in which everything became new.
        (1_000, 1_000_000, 249_999, []),
        (1_000, 1_000_000, 250_000, ["entropy"]),
        # What little there is are names and modes.
        (1_000, 10, 351, ["shrunk"]),
    ],
)
def test_noise_takes_far_more_room_than_usual_and_much_of_what_it_has_bytes(
    usual: int, size: int, stored: int, expected: list[str]
) -> None:
    others = [replace(each, size_bytes=1_000_000, stored_bytes=usual) for each in OTHERS]
    assert kinds(replace(TAKEN, size_bytes=size, stored_bytes=stored), others=others) == expected


def test_the_first_backup_can_only_be_empty() -> None:
    assert kinds(replace(TAKEN, size_bytes=7, stored_bytes=7), others=[]) == []
    assert kinds(replace(TAKEN, size_bytes=0), others=[]) == ["empty"]


def test_damaged_ones_and_other_data_are_not_what_is_usual() -> None:
    damaged = [replace(each, errors=["damaged"], size_bytes=9) for each in OTHERS]
    foreign = [replace(each, system_identifier="8", size_bytes=9) for each in OTHERS]
    assert kinds(replace(TAKEN, size_bytes=900), others=[*damaged, *foreign]) == []


def test_a_limit_of_zero_and_a_reaction_of_ignore_accept_anything() -> None:
    odd = replace(TAKEN, size_bytes=100_000, stored_bytes=100_000)
    assert kinds(odd, rules=AnomalyRules(maximum_percent=0, maximum_entropy_percent=0)) == []
    assert kinds(odd, rules=AnomalyRules(reactions=tuple((kind, "ignore") for kind in KINDS))) == []


def test_an_anomaly_says_what_is_usual_and_what_to_do() -> None:
    (anomaly,) = anomalies_of(replace(TAKEN, size_bytes=10, stored_bytes=1), OTHERS, AnomalyRules())
    assert "10 bytes, less than 50 % of the usual 1000" in anomaly.cause
    assert "minimum_percent_of_median" in anomaly.next_action and anomaly.evidence["median_bytes"] == 1000


def test_what_a_run_is_asked_wins_over_the_entry_of_the_source_and_a_slip_is_refused() -> None:
    own = {"minimum_percent_of_median": 20, "grown": "error"}
    assert anomaly_options(own, {"grown": "ignore"}) == {
        "minimum_percent_of_median": 20,
        "anomalies": {"grown": "ignore"},
    }
    assert anomaly_options({}) == {"anomalies": {}}
    with pytest.raises(InputError, match="shrunken"):
        anomaly_options({"shrunken": "note"})
