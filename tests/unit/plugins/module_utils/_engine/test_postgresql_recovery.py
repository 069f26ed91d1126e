# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a recovery ends, and what data that goes live takes along of its source's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.records import backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import Instance
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_recovery import (
    live_settings,
    wait,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import RestorePlan
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LogGapError
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


@dataclass(frozen=True)
class Ending(Instance):
    """A server that answers nothing, lives for as many looks at its process as are left, and says why it ended."""

    looks: list[int] = field(default_factory=list)

    @property
    def process_id(self) -> int | None:
        return self.looks.pop() if self.looks else None

    @property
    def log_text(self) -> str:
        return "FATAL:  recovery ended before configured recovery target was reached\n"

    def ask(self, query: str, *, database: str = "postgres") -> list[list[str]] | None:
        return None


@pytest.mark.parametrize("lives_for", range(4))
def test_a_log_that_ends_too_early_is_told_whenever_the_server_was_looked_at(lives_for: int, tmp_path: Path) -> None:
    server = Ending(tmp_path, tmp_path, 5433, Deadline(5), looks=[1] * lives_for)
    plan = RestorePlan(backup("full", 1, 2), RecoveryTarget("xid", "4000000000"))
    with pytest.raises(LogGapError, match="the archived log ends without xid 4000000000"):
        wait(server, "recover", lambda _state: False, plan)
