# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exactly one run holds a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, LeaseError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lease import Lease

HOLDER = {"host": "controller", "boot_id": "b", "namespace": "n", "pid": 1, "pid_started": 2}


def lease(directory: Path, run_id: str, wanted: str = "present", **more: Any) -> Lease:
    return Lease(
        directory=directory, group=more.pop("group", "shop"), run_id=run_id, wanted=wanted, holder=HOLDER, **more
    )


def take(subject: Lease) -> None:
    before = subject.describe()
    after = subject.plan(before)
    if after != before:
        subject.apply(before, after)
        assert subject.describe() == after


def test_the_same_run_may_ask_twice_and_another_is_told_who_holds_it(tmp_path: Path) -> None:
    take(lease(tmp_path, "run1"))
    take(lease(tmp_path, "run1"))
    with pytest.raises(LeaseError, match="run1 on controller"):
        take(lease(tmp_path, "run2"))


def test_only_its_own_lease_is_released(tmp_path: Path) -> None:
    take(lease(tmp_path, "run1"))
    take(lease(tmp_path, "run2", "absent"))
    assert lease(tmp_path, "run1").describe()["run_id"] == "run1"
    take(lease(tmp_path, "run1", "absent"))
    assert lease(tmp_path, "run1").describe() == {"held": False, "run_id": None}


def test_a_lease_is_broken_with_a_proof_about_its_holder_alone(tmp_path: Path) -> None:
    take(lease(tmp_path, "run1"))
    with pytest.raises(LeaseError):
        take(lease(tmp_path, "run2", break_run_id="run0", break_proof="gone"))
    broken = lease(tmp_path, "run2", break_run_id="run1", break_proof="gone")
    take(broken)
    assert broken.broken["run_id"] == "run1"
    assert list(tmp_path.iterdir()) == [tmp_path / "shop.lease"]


def test_a_lease_that_was_taken_in_between_is_not_overwritten(tmp_path: Path) -> None:
    late = lease(tmp_path, "run2")
    before = late.describe()
    after = late.plan(before)
    take(lease(tmp_path, "run1"))
    with pytest.raises(LeaseError, match="in this moment"):
        late.apply(before, after)


def test_a_half_written_lease_is_held_by_somebody(tmp_path: Path) -> None:
    (tmp_path / "shop.lease").write_text("{")
    with pytest.raises(LeaseError):
        take(lease(tmp_path, "run1"))
    take(lease(tmp_path, "run1", break_proof="accepted: nobody is working"))


def test_a_group_is_a_plain_name(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        lease(tmp_path, "run1", group="../x").describe()
