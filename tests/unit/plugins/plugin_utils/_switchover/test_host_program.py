# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program on the hosts: the pooler's file, and the race between the dead-man and the switchover."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover import host_dead_man, host_pooler
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import (
    program_with,
    read_answer,
)

TEXT = "[databases]\nother = host=10.0.0.9 port=1\nshop = host=10.0.0.1 port=5432 dbname=shop pool_size=4\n"


def given(directory: Path, **more: Any) -> dict[str, Any]:
    return {"state_directory": str(directory), "run_id": "run1", "name": "shop", **more}


def switch(entry: str = "shop", *, opens_ahead: bool = False) -> dict[str, Any]:
    return {"entry": entry, "target": {"host": "10.0.0.2", "port": 5433}, "opens_ahead": opens_ahead}


def test_only_one_entry_is_repointed() -> None:
    assert host_pooler.repointed(TEXT, switch()) == (
        "[databases]\nother = host=10.0.0.9 port=1\nshop = host=10.0.0.2 port=5433 dbname=shop pool_size=4\n"
    )
    with pytest.raises(host_dead_man.HostError):
        host_pooler.repointed(TEXT, switch("sho"))


def test_an_entry_that_opens_connections_ahead_is_eased_and_no_other() -> None:
    text = "shop = host=10.0.0.1 min_pool_size=3 pool_size=4\nother = host=10.0.0.9 min_pool_size=3\n"
    assert host_pooler.eased(text, switch(opens_ahead=True)) == (
        "shop = min_pool_size=0 host=10.0.0.1 pool_size=4\nother = host=10.0.0.9 min_pool_size=3\n"
    )
    assert host_pooler.eased(text, switch()) == text


def test_two_entries_of_one_file_change_places_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / "databases.ini"
    text = "a = host=10.0.0.1 port=1 min_pool_size=2\nb = host=10.0.0.1 port=2\n"
    file.write_text(text)
    file.chmod(0o640)
    shared = given(tmp_path, databases_file=str(file), deadline_seconds=60, console={})
    one, other = ({**shared, **switch(entry, opens_ahead=True), "name": entry} for entry in "ab")
    with patch.object(host_pooler, "ask", lambda *_said: None):
        for each in (one, other):
            host_pooler.pooler_arm(each)
    assert host_pooler.pooler_finish(one) == {"disarmed": True, "reload": True}
    host_dead_man.disarm(other)
    host_pooler.pooler_put_back(other)
    assert file.read_text() == "a = host=10.0.0.2 port=5433 min_pool_size=2\nb = host=10.0.0.1 port=2\n"
    assert (file.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o640, [file])


def test_a_dead_man_that_is_disarmed_never_acts(tmp_path: Path) -> None:
    acted = tmp_path / "acted"
    host_dead_man.arm(given(tmp_path, deadline_seconds=0.5), {}, lambda: {"outcome": str(acted.write_text(""))})
    assert host_dead_man.disarm(given(tmp_path)) == {"disarmed": True}
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert not acted.exists()


def test_a_dead_man_whose_time_is_over_acts_and_says_so(tmp_path: Path) -> None:
    host_dead_man.arm(given(tmp_path, deadline_seconds=0), {}, lambda: {"outcome": "given back"})
    until = time.monotonic() + 5
    while not (tmp_path / "recovery-switchover-run1-shop.fired").exists():
        assert time.monotonic() < until
    assert host_dead_man.disarm(given(tmp_path)) == {"disarmed": False, "outcome": "given back"}


def test_a_call_carries_its_secrets_in_the_text_and_answers_in_the_last_line() -> None:
    text = program_with("disarm", {"password": "it's \\ 'x'"}).decode()
    assert text.rstrip().splitlines()[-1].startswith("answer(")
    answer = json.dumps({"ok": True, "value": 1})
    assert read_answer("host", "disarm", 0, f"Welcome\n{answer}\n".encode(), b"") == {"value": 1}
    with pytest.raises(ToolError, match="no answer"):
        read_answer("host", "disarm", 1, b"", b"sudo: a password is required")
    with pytest.raises(ToolError, match="broken"):
        read_answer("host", "disarm", 0, json.dumps({"ok": False, "cause": "broken"}).encode(), b"")
