# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site that goes dark while it ships its log holds the archive at the repository's host, which hears nothing more."""

from __future__ import annotations

import pytest
from tests.drills.drill_lab import DrillLab

pytestmark = pytest.mark.lab

# Closes a segment, and stops the process that ships it when it has one.
STOP_IN_THE_MIDDLE = """
psql -XAtqc 'SELECT pg_current_xact_id(); SELECT pg_switch_wal()' >/dev/null &
while :; do
  for process in /proc/[0-9]*; do
    case "$(tr '\\0' ' ' <$process/cmdline)" in
      pgbackrest*archive-push:local*) kill -STOP "${process#/proc/}" && exit ;;
    esac
  done 2>/dev/null
done
"""


def test_the_survivor_ships_its_log_although_the_site_died_while_it_shipped_its_own(lab: DrillLab) -> None:
    lab.do("run", "fra-db1", "runuser", "-u", "postgres", "--", "sh", "-c", STOP_IN_THE_MIDDLE)
    lab.do("power-off", "frankfurt")
    held = lab.do("run", "wit-store1", "pgrep", "-fc", "^pgbackrest .*archive-push:remote")
    moved = lab.move("frankfurt", "dublin", "emergency")
    assert moved.code == 0, moved.story
    assert int(held) > 0
    assert moved.report["incidents"] == ["frankfurt is not a standby. When it has power again, run the plan reprotect."]
