# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a database may start writable."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[4] / "roles" / "boot_guard" / "files" / "recovery-boot-guard"


def load() -> Any:
    loader = importlib.machinery.SourceFileLoader("recovery_boot_guard", str(PROGRAM))
    spec = importlib.util.spec_from_loader("recovery_boot_guard", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recovery_boot_guard"] = module
    sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = kept
    return module


GUARD = load()
LOCAL = GUARD.Local("7", 1, "shut down", False)
STANDBY = GUARD.Peer("10.0.0.2:5432", True, "7", 1)


def act(local: Any = LOCAL, peers: Any = (), asked: int = 1, witness: str | None = None, require: str = "peer") -> str:
    return str(GUARD.judge(local, "frankfurt", list(peers), asked, witness, require).act)


def test_a_peer_that_is_a_standby_clears_it() -> None:
    assert act(peers=[STANDBY]) == "start writable"
    assert act(peers=[STANDBY], witness="frankfurt") == "start writable"


@pytest.mark.parametrize(
    "peer",
    [
        GUARD.Peer("p", False, "7", 2),
        GUARD.Peer("p", False, "7", 1),
        GUARD.Peer("p", True, "7", 2),
        GUARD.Peer("p", True, "8", 1),
    ],
)
def test_any_peer_that_contradicts_keeps_it_down(peer: Any) -> None:
    assert act(peers=[STANDBY, peer], asked=2, witness="frankfurt") == "stay down"


def test_a_witness_that_names_another_site_keeps_it_down() -> None:
    assert act(peers=[STANDBY], witness="dublin") == "stay down"
    assert act(witness="dublin") == "stay down"


def test_nobody_to_ask_is_no_clearance() -> None:
    assert act() == "ask again"
    assert act(witness="frankfurt") == "ask again"
    assert act(witness="frankfurt", require="witness") == "start writable"
    assert act(require="witness") == "ask again"
    assert act(asked=0) == "start writable"


def test_a_marked_standby_starts_unless_it_was_a_primary_that_crashed() -> None:
    assert act(GUARD.Local("7", 1, "shut down in recovery", True)) == "start as standby"
    assert act(GUARD.Local("7", 1, "in production", True), peers=[STANDBY]) == "stay down"
    assert act(GUARD.Local("7", 1, "shut down", False, True), peers=[STANDBY]) == "stay down"


def test_a_start_is_handed_over_to_systemd_unless_the_configuration_lies_elsewhere() -> None:
    usual = {"configuration_directory": "/etc/postgresql/15/main"}
    elsewhere = {"configuration_directory": "/srv/scratch/etc/15/main"}
    assert GUARD.cluster_root(usual) == {}
    assert GUARD.cluster_root(elsewhere) == {"PG_CLUSTER_CONF_ROOT": "/srv/scratch/etc"}
