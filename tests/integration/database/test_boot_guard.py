# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boot guard against a real pair: an old primary never comes up writable by itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "roles" / "boot_guard" / "files" / "recovery-boot-guard"


@pytest.fixture
def boot(pair: Any, tmp_path: Path) -> Any:
    """Let the guard of the primary's host decide, as at boot; returns its report."""

    def run() -> dict[str, Any]:
        options = pair.primary.engine["postgresql"]
        configuration = {
            "site": "frankfurt",
            "databases": [
                {
                    "name": "orders",
                    "version": "15",
                    "cluster": options["cluster"],
                    "data_directory": options["data_directory"],
                    "configuration_directory": options["configuration_directory"],
                    "peers": [{"host": "127.0.0.1", "port": pair.standby.port}],
                }
            ],
            "login": {"user": "recovery", "password": "example-only-scratch-password"},
            "witness": {},
            "wait_seconds": 1,
        }
        file, state = tmp_path / "boot_guard.json", tmp_path / "state.json"
        file.write_text(json.dumps(configuration))
        argv = ["/usr/bin/python3", str(PROGRAM), "--configuration", str(file), "--state", str(state)]
        subprocess.run(argv, check=False, cwd="/")
        report: dict[str, Any] = json.loads(state.read_text())["databases"][0]
        return report

    return run


def test_the_old_primary_stays_down_after_the_other_side_was_promoted(pair: Any, boot: Any) -> None:
    pair.primary.stop("immediate")
    pair.standby.sql("SELECT pg_promote()")
    report = boot()
    assert report["act"] == "stay down"
    assert "is a primary, on timeline 2" in report["reason"]
    assert not pair.primary.runs()
    assert (pair.primary.data / "standby.signal").exists()
    assert boot()["act"] == "stay down"
    assert not pair.primary.runs()


def test_nobody_to_ask_keeps_it_down(pair: Any, boot: Any) -> None:
    pair.primary.stop()
    pair.standby.stop()
    assert boot()["act"] == "stay down"
    assert not pair.primary.runs()


def test_a_standby_that_still_follows_clears_the_primary(pair: Any, boot: Any) -> None:
    pair.primary.stop("immediate")
    assert boot()["act"] == "start writable"
    assert pair.primary.sql("SELECT pg_is_in_recovery()") == "f"


def test_a_marked_cluster_comes_up_read_only(pair: Any, boot: Any) -> None:
    pair.primary.stop()
    (pair.primary.data / "standby.signal").touch()
    assert boot()["act"] == "start as standby"
    assert pair.primary.sql("SELECT pg_is_in_recovery()") == "t"
