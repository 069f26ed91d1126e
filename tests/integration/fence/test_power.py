# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fence by power against a real Redfish switch: what counts is what it reads back, not that it took the order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.fence.fence_lab import MOVE, Ended, FenceLab, role

SITE = ("dub-db1", "dub-app1", "dub-proxy1")
# The database stands at frankfurt; here dublin is the site that is left, so that the database is left alone.
LEAVE_DUBLIN = {**MOVE, "recovery_source_site": "dublin", "recovery_target_site": "frankfurt"}


def fence(lab: FenceLab, place: Path, *, part: str = "main", check: bool = False) -> Ended:
    keep = "fence_answers" if part == "main" else "recovery_mode"
    return lab.play(place, [role(part)], keep=keep, hosts="site_frankfurt", asked=LEAVE_DUBLIN, check=check)


def order(
    lab: FenceLab, place: Path, *, members: tuple[str, ...] = SITE, site: str = "dublin", **changed: Any
) -> Ended:
    """One call of the module; the options of the switch can be changed."""
    switch = "{{ recovery_fence.power.redfish | combine(changed) }}"
    task = {
        "name": "Switch the site off",
        "gogidix.disaster_recovery.fence": {
            **{"site": "{{ site }}", "group": "storefront", "run_id": "run1", "system_identifier": "7"},
            **{"members": list(members), "method": {"power": {"redfish": switch}}, "deadline": 3},
        },
        "register": "answer",
    }
    return lab.play(place, [task], asked={"changed": changed, "site": site})


@pytest.fixture(autouse=True)
def powered(lab: FenceLab) -> Iterator[None]:
    yield
    if lab.power(*SITE) != {"on"}:
        lab.do("power-on", "dublin")
        lab.do("run", "dub-proxy1", "true")


def test_the_site_is_off_by_order_and_on_again_by_undo(lab: FenceLab, tmp_path: Path) -> None:
    rehearsed = fence(lab, tmp_path, check=True)
    [answer] = rehearsed.kept["results"]
    assert (answer["changed"], answer["fence_proof"]["level"], answer["fence_proof"]["checked"]) == (True, 0, True)
    assert lab.power(*SITE) == {"on"}

    [answer] = fence(lab, tmp_path).kept["results"]
    assert (answer["changed"], answer["fence_proof"]["level"]) == (True, 3)
    assert answer["fence_proof"]["evidence"]["power"] == dict.fromkeys(("dublin", *SITE), "Off")
    assert lab.power(*SITE) == {"off"}

    [answer] = fence(lab, tmp_path).kept["results"]
    assert (answer["changed"], answer["fence_proof"]["level"]) == (False, 3)

    undone = fence(lab, tmp_path, part="undo")
    assert undone.code == 0, undone.text
    assert lab.power(*SITE) == {"on"}


def test_a_site_that_was_off_before_stays_off_when_the_run_is_undone(lab: FenceLab, tmp_path: Path) -> None:
    lab.do("power-off", "dublin")
    both = lab.play(tmp_path, [role(), role("undo")], keep="recovery_mode", hosts="site_frankfurt", asked=LEAVE_DUBLIN)
    assert both.code == 0, both.text
    assert lab.power(*SITE) == {"off"}


def test_half_a_site_is_given_back_too(lab: FenceLab, tmp_path: Path) -> None:
    lab.do("power-off", "dub-app1")
    undone = fence(lab, tmp_path, part="undo")
    assert undone.code == 0, undone.text
    assert lab.power(*SITE) == {"on"}


def test_a_host_that_is_still_on_is_no_proof_whatever_was_ordered(lab: FenceLab, tmp_path: Path) -> None:
    ended = order(lab, tmp_path, members=("dub-db1", "wit-store1"))
    assert ended.code != 0
    assert "DR-DEADLINE" in ended.words
    assert "'wit-store1': 'On'" in ended.words
    assert lab.power(*SITE) == {"off"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": "guess"}, "DR-AUTH"),
        ({"site": "atlantis"}, "DR-FENCE"),
        ({"ca_file": "/etc/ssl/certs/ca-certificates.crt"}, "DR-TLS"),
        ({"url": "https://power.storefront.example:8444"}, "DR-PRE"),
        ({"url": "http://power.storefront.example:8443"}, "DR-INPUT"),
    ],
    ids=["wrong password", "unknown site", "unknown authority", "nobody listens", "not https"],
)
def test_an_answer_that_cannot_be_believed_switches_nothing_off(
    lab: FenceLab, tmp_path: Path, changed: dict[str, Any], code: str
) -> None:
    ended = order(lab, tmp_path, **changed)
    assert ended.code != 0
    assert code in ended.words, ended.text
    assert "Traceback" not in ended.text
    assert lab.power(*SITE) == {"on"}


def test_a_switch_that_is_gone_is_named(lab: FenceLab, tmp_path: Path) -> None:
    lab.do("isolate", "power")
    ended = order(lab, tmp_path)
    assert ended.code != 0
    assert "DR-PRE" in ended.words
    assert "https://power.storefront.example:8443" in ended.words
    assert lab.power(*SITE) == {"on"}
