# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tool is waited for as long as that can help anybody, and does not outlive the one that judges it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import process_runs

CALLER = """
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
run_tool(["sh", "-c", "echo $$ > {file}; exec sleep 60"], deadline=Deadline(60))
"""


def says_again(said: str) -> bool:
    return said.count("again") >= 2


def test_a_tool_that_goes_on_in_vain_is_asked_to_end_and_heard_to_its_last_word() -> None:
    script = "trap 'echo cleaned up; exit 0' INT; echo again >&2; echo again >&2; while :; do sleep 0.05; done"
    finished = run_tool(
        ["sh", "-c", script], deadline=Deadline(20), is_in_vain=says_again, asked_to_end_by=signal.SIGINT
    )
    assert finished.stdout == "cleaned up\n" and finished.seconds < 10
    # It called that a success.
    assert finished.rc == -signal.SIGINT


def test_a_tool_that_is_listened_to_is_given_and_says_all_of_it() -> None:
    text = "line\n" * 100_000
    finished = run_tool(["sh", "-c", "sleep 0.3; cat"], deadline=Deadline(20), stdin=text, is_in_vain=says_again)
    assert (finished.rc, finished.stdout) == (0, text)


def test_a_tool_ends_with_the_caller_that_is_killed(tmp_path: Path) -> None:
    file, look = tmp_path / "pid", "Look at the test"
    caller = subprocess.Popen([sys.executable, "-c", CALLER.format(file=file)])
    deadline = Deadline(20)
    deadline.wait_until("see the tool", lambda: file.exists() and file.read_text().strip(), bool, next_action=look)
    tool = int(file.read_text())
    assert process_runs(tool)
    caller.kill()
    caller.wait()
    deadline.wait_until("see it end", lambda: process_runs(tool), lambda runs: not runs, next_action=look)
