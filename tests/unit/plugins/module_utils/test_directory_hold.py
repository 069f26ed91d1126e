# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory is held by one process at a time, under whatever name it goes, and by nobody who is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held, is_held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError

HOLDER = """
import sys
from pathlib import Path
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held
with held(Path(sys.argv[1]), "hold it"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    staged, live = tmp_path / "staged", tmp_path / "live"
    staged.mkdir()
    with held(staged, "restore"):
        staged.rename(live)
        assert is_held(live)
        with pytest.raises(LeaseError), held(live, "restore"):
            raise AssertionError("it was held twice")
    assert not is_held(live) and not is_held(staged)


def test_the_hold_of_a_process_that_was_killed_is_none(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        holder.kill()
        holder.wait()
    assert not is_held(tmp_path)
