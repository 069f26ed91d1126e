# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What live servers prove: one that writes, with everything in the repository, and nobody who contradicts it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plugins.module_utils._check.test_backup_policy import (
    BOTH,
    DAY,
    PLACES,
    ago,
    backup,
    catalogue,
    clock,
    judged,
)

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._server_evidence import standing_of

__all__ = ["clock"]

STOPPED = [catalogue(name, backup(age=2 * DAY), newest_recovery_point={"at": ago(DAY + 1)}) for name in PLACES]
IDLE = {"state": "primary", "all_shipped": True, "asked_at": ago(0), "observed": "all of its log is in the repository"}
BEHIND = {**IDLE, "all_shipped": False, "observed": "it has written since: 7 bytes"}
STANDBY = {**IDLE, "state": "standby", "all_shipped": None, "observed": "it is in recovery"}


def asked(server: Any, **changes: Any) -> dict[str, Any]:
    return {**STOPPED[0], "server": server, **changes}


def test_a_log_that_stands_still_is_as_young_as_the_answer_of_an_idle_server() -> None:
    assert not judged(*STOPPED, objectives={"orders": 5}).passed
    servers = {"fra-db1": [asked(IDLE)], "dub-db1": [asked(STANDBY)]}
    seen = judged(*STOPPED, objectives={"orders": 5}, servers=servers)
    said = "idle, all of its log is in vault, says its server on fra-db1"
    assert seen.passed and seen.observed == f"orders has 3 copies and is idle since {ago(DAY + 1)}: {said}"
    verdict = seen.evidence["stanzas"]["orders"]
    assert (verdict["recovery_point_age_seconds"], verdict["server"]) == (0, said)


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ({"fra-db1": [asked(BEHIND)]}, "its server on fra-db1: it has written since: 7 bytes"),
        ({"fra-db1": [asked({**IDLE, "all_shipped": None, "observed": "off"})]}, "its server on fra-db1: off"),
        ({"fra-db1": [asked({**IDLE, "all_shipped": "yes"})]}, "its server on fra-db1: all of"),
        ({"fra-db1": [asked({**IDLE, "asked_at": "now"})]}, "its answer is not understood"),
        ({"dub-db1": [asked(STANDBY)]}, "no server says that it writes it (dub-db1: it is in recovery)"),
        ({"fra-db1": [asked(None)]}, "no server says that it writes it (fra-db1: it was not asked)"),
        ({"fra-db1": [asked(IDLE)], "dub-db1": [asked(IDLE)]}, "more than one server says that it writes it"),
        ({"fra-db1": [asked(IDLE)], "dub-db1": [asked(BEHIND)]}, "more than one server says that it writes it"),
        (
            {"fra-db1": [asked(IDLE, failed=True, msg="no route")]},
            "no server says that it writes it (fra-db1: no route)",
        ),
        # What was read an hour ago says nothing of now, as with any other reading.
        ({"fra-db1": [asked(IDLE, read_at=ago(7200))]}, ", but it was read 7200 s ago"),
        ({"fra-db1": [asked(IDLE, stanza="others")]}, "none of its servers answered"),
        ({"fra-db1": None}, "none of its servers answered"),
    ],
)
def test_whatever_is_not_proven_leaves_the_judgement_as_it_is(servers: dict[str, Any], words: str) -> None:
    seen = judged(*STOPPED, objectives={"orders": 5}, servers=servers)
    assert not seen.passed and "the newest recovery point is 86400 s old of 125 s" in seen.observed
    assert words in seen.observed and seen.evidence["stanzas"]["orders"]["idle_since"] is None


def test_one_repository_that_has_everything_is_enough_and_the_moment_is_that_of_the_question() -> None:
    late = asked({**IDLE, "asked_at": ago(31)})
    assert standing_of("orders", {"fra-db1": [asked(BEHIND), late]}, lambda _holding: "").age_seconds == 30
    assert standing_of("orders", {"fra-db1": [late]}, lambda _holding: "it is no copy").age_seconds is None


def test_a_log_that_arrives_needs_no_server() -> None:
    assert judged(*BOTH, objectives={"orders": 5}, servers={"fra-db1": [asked(BEHIND)]}).passed
