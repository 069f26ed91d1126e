# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What data that goes live takes along of its source's settings."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_recovery import (
    live_settings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

SOURCE = """\
work_mem = '64MB'
archive_mode = 'on'
primary_conninfo = 'host=10.0.0.1'
recovery_target_name = 'of_another_day'
restore_command = 'of another day'
"""


def test_the_source_s_own_settings_stay_and_those_of_its_standby_days_do_not() -> None:
    lines = live_settings(SOURCE, "get %f", RecoveryTarget("latest"), 3).splitlines()
    assert lines[:2] == ["work_mem = '64MB'", "archive_mode = 'on'"]
    assert not [line for line in lines if "primary_conninfo" in line or "of another day" in line.replace("_", " ")]


def test_the_recovery_ends_by_taking_every_setting_of_its_own_away() -> None:
    text = live_settings(SOURCE, "get %f", RecoveryTarget("name", "before"), 3)
    assert "recovery_end_command = 'sed -i -E ''/^(recovery_|restore_command)/d'' postgresql.auto.conf'" in text
