# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and directories of a host in one call, by whoever runs the tests."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from tests.integration.servers.module_run import run_module

ME = {"owner": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
SECRET = "example-only-secret-of-the-settings"


def wanted(place: Path, **changed: Any) -> dict[str, Any]:
    settings = {"path": str(place / "etc" / "settings"), "content": SECRET, "mode": "0600", **ME}
    return {"files": [{"path": str(place / "etc"), "mode": "0750", **ME}, {**settings, **changed}]}


def test_directories_and_files_are_made_in_order_and_a_second_call_changes_nothing(tmp_path: Path) -> None:
    made = run_module("host_files", wanted(tmp_path))
    settings = tmp_path / "etc" / "settings"
    assert made["changed"]
    assert made["recovery"] == {"written": [str(tmp_path / "etc"), str(settings)]}
    assert settings.read_text() == SECRET
    assert (settings.stat().st_mode & 0o7777, settings.parent.stat().st_mode & 0o7777) == (0o600, 0o750)
    assert [path.name for path in settings.parent.iterdir()] == ["settings"]

    again = run_module("host_files", wanted(tmp_path))
    assert not again["changed"]
    assert again["recovery"] == {"written": []}


@pytest.mark.parametrize("changed", [{"content": "other"}, {"mode": "0640"}], ids=["content", "mode"])
def test_what_differs_is_written_and_nothing_else(tmp_path: Path, changed: dict[str, str]) -> None:
    run_module("host_files", wanted(tmp_path))
    assert run_module("host_files", wanted(tmp_path, **changed))["recovery"] == {
        "written": [str(tmp_path / "etc" / "settings")]
    }
    assert not run_module("host_files", wanted(tmp_path, **changed))["changed"]


def test_a_check_run_says_the_same_and_makes_nothing_not_even_for_an_owner_who_is_to_come(tmp_path: Path) -> None:
    checked = run_module("host_files", wanted(tmp_path, owner="nobody-yet"), check_mode=True)
    assert checked["changed"]
    assert checked["diff"]["after"][str(tmp_path / "etc" / "settings")]["owner"] == "nobody-yet"
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_holds_is_in_no_result(tmp_path: Path) -> None:
    assert SECRET not in str(run_module("host_files", wanted(tmp_path)))


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    run_module("host_files", wanted(tmp_path))
    failed = run_module("host_files", wanted(tmp_path, content="other", owner="nobody-here"))
    assert failed["error_code"] == "DR-PRE"
    assert "nobody-here" in failed["msg"]
    assert (tmp_path / "etc" / "settings").read_text() == SECRET
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["settings"]


def test_a_directory_is_never_put_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file")
    failed = run_module("host_files", {"files": [{"path": str(tmp_path / "etc"), **ME}]})
    assert failed["error_code"] == "DR-PRE"
    assert "a file of that name is there" in failed["msg"]


@pytest.mark.parametrize("wrong", [{"path": "etc/settings"}, {"mode": "u=rw"}, {"mode": "0689"}])
def test_a_path_or_mode_that_is_not_understood_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    assert run_module("host_files", wanted(tmp_path, **wrong))["error_code"] == "DR-INPUT"
