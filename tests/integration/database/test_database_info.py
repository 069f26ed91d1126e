# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""database_info against real clusters."""

from __future__ import annotations

from typing import Any


def test_a_primary_and_its_standby_are_described_as_such(pair: Any, run_module: Any) -> None:
    primary = run_module("database_info", {"engine": pair.primary.engine})["database"]
    standby = run_module("database_info", {"engine": pair.standby.engine})["database"]
    assert (primary["state"], standby["state"]) == ("primary", "standby")
    assert primary["system_identifier"] == standby["system_identifier"] == pair.system_identifier
    assert primary["timeline"] == standby["timeline"] == 1
    assert standby["receiver"]["status"] == "streaming"
    assert standby["receiver"]["slot"] == "dub_db1"
    assert primary["senders"][0]["state"] == "streaming"
    assert primary["data_checksums"] is True
    assert "example-only" not in str(standby)


def test_a_stopped_cluster_is_described_from_its_files(pair: Any, run_module: Any) -> None:
    pair.primary.stop()
    seen = run_module("database_info", {"engine": pair.primary.engine})
    assert seen["changed"] is False
    assert seen["database"]["state"] == "down"
    assert seen["database"]["control"]["cluster_state"] == "shut down"
    assert seen["database"]["start_at_boot"] == "auto"
    assert seen["database"]["signals"] == []


def test_a_missing_data_directory_is_absent(pair: Any, run_module: Any) -> None:
    engine = {"postgresql": {**pair.primary.engine["postgresql"], "data_directory": "/var/lib/postgresql/15/none"}}
    assert run_module("database_info", {"engine": engine})["database"]["state"] == "absent"
