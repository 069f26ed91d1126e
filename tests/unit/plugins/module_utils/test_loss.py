# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a promotion would lose; unknown counts as over."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._loss import estimate_loss

OBJECTIVES = {"rpo_seconds": 5, "rpo_bytes": 1000}
STANDBY = {
    "state": "standby",
    "system_identifier": "7",
    "timeline": 1,
    "received_lsn": "0/5000000",
    "replayed_at": "2026-01-31T12:00:00.000Z",
    "replay_paused": False,
    "next_transaction": 100,
    "receiver": {"status": "streaming"},
}
PRIMARY = {
    "state": "primary",
    "system_identifier": "7",
    "timeline": 1,
    "lsn": "0/5000000",
    "observed_at": "2026-01-31T12:00:01.000Z",
    "next_transaction": 100,
}
OBSERVATION = {"observed_at": 1769860801.0, "lsn": "0/5000000", "timeline": 1, "system_identifier": "7"}


def test_a_standby_that_has_everything_loses_nothing() -> None:
    estimate = estimate_loss(STANDBY, PRIMARY, OBJECTIVES)
    assert (estimate["bytes"], estimate["transactions"], estimate["seconds"]) == (0, 0, 0.0)
    assert estimate["within_objective"] is True
    assert estimate["basis"] == "live"


def test_bytes_transactions_and_seconds_are_counted() -> None:
    estimate = estimate_loss(STANDBY, {**PRIMARY, "lsn": "0/5000200", "next_transaction": 103}, OBJECTIVES)
    assert (estimate["bytes"], estimate["transactions"], estimate["seconds"]) == (512, 3, 1.0)
    assert estimate["within_objective"] is True


@pytest.mark.parametrize(
    ("target", "source", "objectives", "words"),
    [
        ({}, {"lsn": "0/5000400"}, OBJECTIVES, "1024 bytes"),
        ({"replayed_at": "2026-01-31T11:59:00.000Z"}, {"lsn": "0/5000010"}, OBJECTIVES, "61 seconds"),
        ({"replayed_at": None}, {"lsn": "0/5000010"}, OBJECTIVES, "not known"),
        ({"received_lsn": None}, {}, OBJECTIVES, "received"),
        ({}, {"lsn": None}, OBJECTIVES, "position of the primary"),
        ({}, {}, {}, "rpo_seconds is missing"),
    ],
)
def test_over_or_unknown_is_not_within(
    target: dict[str, Any], source: dict[str, Any], objectives: dict[str, Any], words: str
) -> None:
    estimate = estimate_loss({**STANDBY, **target}, {**PRIMARY, **source}, objectives)
    assert estimate["within_objective"] is False
    assert words in " ".join(estimate["over"])


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ({"timeline": 2}, {}),
        ({"system_identifier": "8"}, {}),
        ({"replay_paused": True}, {}),
        ({"receiver": None}, {}),
        ({"state": "primary"}, {}),
        ({}, {"state": "standby"}),
    ],
)
def test_a_target_of_another_story_is_no_candidate(target: dict[str, Any], source: dict[str, Any]) -> None:
    estimate = estimate_loss({**STANDBY, **target}, {**PRIMARY, **source}, OBJECTIVES)
    assert estimate["candidate"] is False
    assert estimate["within_objective"] is False


def test_nothing_known_is_over() -> None:
    estimate = estimate_loss(STANDBY, None, OBJECTIVES)
    assert (estimate["known"], estimate["basis"], estimate["within_objective"]) == (False, "none", False)


def test_the_observers_last_look_is_a_basis_with_its_uncertainty() -> None:
    estimate = estimate_loss({**STANDBY, "receiver": None}, OBSERVATION, OBJECTIVES)
    assert (estimate["basis"], estimate["uncertainty_seconds"]) == ("observer", 1.0)
    assert estimate["within_objective"] is True


def test_an_observer_that_fell_silent_before_the_primary_knows_nothing() -> None:
    estimate = estimate_loss({**STANDBY, "replayed_at": "2026-01-31T12:00:10.000Z"}, OBSERVATION, OBJECTIVES)
    assert estimate["within_objective"] is False
    assert "observer fell silent" in " ".join(estimate["over"])
