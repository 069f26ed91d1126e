# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run holds for itself."""

from __future__ import annotations

from gogidix_recovery_runner.plans import PLANS, Role, resources

SITES = ["dublin", "frankfurt"]


def held(plan: str, *, check: bool = False, **parameters: str) -> list[str]:
    return resources(PLANS[plan], "shop", SITES, parameters, check=check)


def test_a_move_holds_the_group_and_the_sites_it_names_in_one_order() -> None:
    assert held("failover", recovery_source_site="frankfurt", recovery_target_site="dublin") == [
        "group:shop",
        "site:dublin",
        "site:frankfurt",
    ]


def test_a_move_that_names_no_site_holds_all_of_them() -> None:
    assert held("undo") == ["group:shop", "site:dublin", "site:frankfurt"]


def test_an_emergency_never_waits_for_a_backup_a_drill_or_a_validation() -> None:
    for plan in ("backup", "drill", "validate"):
        assert not set(held(plan)) & set(held("failover"))


def test_a_check_holds_nothing() -> None:
    assert held("failover", check=True) == []


def test_every_plan_can_be_started_by_an_administrator() -> None:
    assert all(Role.ADMIN in plan.roles for plan in PLANS.values())
