# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever is killed, at whatever moment: the next run works, no lock stays, and live paths are the old or the new."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.integration.files_backup.sandbox import HOST, Sandbox, write_random
from tests.integration.kills import COUNT, Kill, Stopwatch, kills

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

BIG = 8_000_000


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def require_all_whole(sandbox: Sandbox, names: list[str]) -> None:
    """Every one of them is still there and can be read, and nothing holds the repository."""
    assert set(names) <= set(sandbox.ids())
    sandbox.succeed("backup_verify", backups=names, level="checked")
    assert sandbox.locks() == []


def test_a_backup_that_is_killed_costs_nothing_but_itself(sandbox: Sandbox) -> None:
    with Stopwatch() as usual:
        names = [sandbox.backup()["id"]]
    for number, kill in enumerate(kills()):
        write_random(sandbox.source / "big", BIG, seed=number)
        kill.strike(sandbox.begin("backup", strategy="full"), usual.seconds)
        assert set(names) <= set(sandbox.ids())
        names.append(sandbox.backup("incremental")["id"])
    require_all_whole(sandbox, names)
    copy, _result = sandbox.restore_beside("beside")
    assert contents(copy) == contents(sandbox.source)


def test_a_restore_in_place_that_is_killed_leaves_the_old_or_the_new(sandbox: Sandbox) -> None:
    write_random(sandbox.source / "big", BIG)
    sandbox.backup()
    backed_up = contents(sandbox.source)
    options = {"mode": "in_place", "confirm": HOST}
    (sandbox.source / "settings.conf").write_text("port = 666\n")
    with Stopwatch() as usual:
        sandbox.succeed("restore", run_id="usual", **options)
    for number, kill in enumerate(kills()):
        (sandbox.source / "settings.conf").write_text(f"port = {number}\n")
        written = contents(sandbox.source)
        kill.strike(sandbox.begin("restore", run_id=f"killed-{number}", **options), usual.seconds)
        assert contents(sandbox.source) in (backed_up, written)
        (sandbox.source / "settings.conf").write_text(f"port = {number}\n")
        sandbox.succeed("restore", run_id=f"next-{number}", **options)
        assert contents(sandbox.source) == backed_up


def by_controller(sandbox: Sandbox) -> subprocess.Popen[str]:
    """The same backup, asked for by Ansible on this host."""
    ansible = str(Path(sys.executable).parent / "ansible")
    words = ["localhost", "-m", "gogidix.disaster_recovery.backup", "-a", json.dumps(sandbox.options)]
    interpreter = ["-e", f"ansible_python_interpreter={sys.executable}"]
    return subprocess.Popen(
        [ansible, *words, *interpreter],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def test_a_controller_that_is_killed_leaves_a_whole_backup_or_none(sandbox: Sandbox) -> None:
    with Stopwatch() as usual:
        assert by_controller(sandbox).wait(60) == 0
    names = sandbox.ids()
    for number, kill in enumerate(kills(COUNT - 1)):
        write_random(sandbox.source / "big", BIG, seed=number)
        strike_controller(kill, by_controller(sandbox), usual.seconds)
        assert set(names) <= set(sandbox.ids())
        names.append(sandbox.backup("incremental")["id"])
    require_all_whole(sandbox, names)


def strike_controller(kill: Kill, controller: subprocess.Popen[str], usual_seconds: float) -> None:
    """What it had begun on the host goes on without it, and holds its place as long as it lives."""
    try:
        controller.wait(kill.share * usual_seconds)
    except subprocess.TimeoutExpired:
        os.kill(controller.pid, signal.SIGKILL)
    controller.wait()
    of_its_session = ["pgrep", "--session", str(controller.pid)]
    Deadline(30).wait_until(
        "see everything of it end",
        lambda: subprocess.run(of_its_session, check=False, capture_output=True).stdout,
        lambda processes: not processes,
        next_action="Look at the test",
    )
