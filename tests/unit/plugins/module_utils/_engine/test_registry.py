# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of engines: what is declared for each, and what a module has to read of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import ENGINES, engine_spec

FAMILY = "ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine"
READ_BY_A_CALL = f"""
import sys
from ansible_collections.gogidix.disaster_recovery.plugins.modules import backup
from {FAMILY}.registry import ENGINES
ENGINES[sys.argv[1]]
print(*(name for name in ENGINES if f"{FAMILY}.{{name}}" in sys.modules))
"""


def test_every_engine_can_be_read_and_has_its_options_declared() -> None:
    assert {name: ENGINES[name].NAME for name in ENGINES} == {name: name for name in engine_spec()["engine"]["options"]}


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_module_reads_no_other_engine_than_the_one_it_works_with(name: str) -> None:
    found = subprocess.run([sys.executable, "-c", READ_BY_A_CALL, name], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [name]
