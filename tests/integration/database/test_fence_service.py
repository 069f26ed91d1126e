# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fencing by the service against a real cluster."""

from __future__ import annotations

import os
import signal
from typing import Any


def fencing(pair: Any, **changes: Any) -> dict[str, Any]:
    return {
        "site": "frankfurt",
        "method": {"service": {"engine": pair.primary.engine}},
        "group": "storefront",
        "run_id": "run1",
        "system_identifier": pair.system_identifier,
        "deadline": 20,
        **changes,
    }


def test_a_fenced_primary_is_down_and_can_only_come_up_as_a_standby(pair: Any, run_module: Any) -> None:
    rehearsed = run_module("fence", fencing(pair), check=True)
    assert (rehearsed["changed"], rehearsed["fence_proof"]["level"], rehearsed["fence_proof"]["checked"]) == (
        True,
        0,
        True,
    )
    assert pair.primary.runs()

    fenced = run_module("fence", fencing(pair))
    assert fenced["changed"] is True, fenced
    assert fenced["fence_proof"]["level"] == 2
    assert fenced["fence_proof"]["evidence"]["control"]["cluster_state"] == "shut down"
    assert not pair.primary.runs()
    assert (pair.primary.configuration / "start.conf").read_text() == "# kept comment\nmanual\n"
    again = run_module("fence", fencing(pair))
    assert (again["changed"], again["fence_proof"]["level"]) == (False, 2)

    released = run_module("fence", fencing(pair, state="absent"))
    assert released["changed"] is True, released
    assert released["fence_proof"] is None
    assert (pair.primary.configuration / "start.conf").read_text() == "# kept comment\nauto\n"
    pair.primary.start()
    assert pair.primary.sql("SELECT pg_is_in_recovery()") == "f"


def test_a_frozen_postmaster_is_fenced_too(pair: Any, run_module: Any) -> None:
    postmaster = int((pair.primary.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)
    fenced = run_module("fence", fencing(pair, deadline=6))
    assert fenced["fence_proof"]["level"] == 2, fenced
    assert fenced["fence_proof"]["evidence"]["control"]["cluster_state"] == "in production"
    assert not pair.primary.runs()
