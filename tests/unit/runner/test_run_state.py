# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run moves only along the table."""

from __future__ import annotations

import pytest

from gogidix_recovery_runner.run_state import ACTIVE, FINAL, RELEASES_LOCKS, TRANSITIONS, RunStatus, may_become


def test_every_status_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(RunStatus)
    assert set(RunStatus) == ACTIVE | FINAL


@pytest.mark.parametrize("end", sorted(FINAL))
def test_what_has_ended_never_moves_again(end: RunStatus) -> None:
    assert not any(may_become(end, status) for status in RunStatus)


def test_only_a_lost_run_keeps_what_it_holds_at_its_end() -> None:
    assert {RunStatus.LOST} == FINAL - RELEASES_LOCKS


def test_a_run_never_succeeds_without_having_run() -> None:
    assert [status for status in RunStatus if may_become(status, RunStatus.SUCCEEDED)] == [RunStatus.RUNNING]
