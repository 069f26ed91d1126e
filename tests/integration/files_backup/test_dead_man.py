# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application that was held still is released, even when the module that held it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.files_backup.sandbox import Sandbox, write_random
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import process_runs

SECONDS = 5.0
# A quiesce that does not end when it is asked to, and holds the application still only then.
STUBBORN = 'trap "" TERM; echo $$ > begun; for i in $(seq 60); do sleep 0.1; done; touch held'
RELEASE = "rm -f held; echo released >> releases"
# The first of them is killed with the module before it releases anything.
RELEASE_LATE = "[ -e late ] || { touch late; exec sleep 60; }; " + RELEASE
RELEASE_AT_SECOND = "echo tried >> tries; [ $(wc -l < tries) -gt 1 ] || { echo busy; exit 1; }; " + RELEASE
# A /dev with nothing but what a program needs, and a log that the test reads.
OWN_DEV = """
mkdir "$1/dev" && mount -t tmpfs none "$1/dev" && cd "$1/dev"
for each in null zero full random urandom; do touch $each; mount --bind /dev/$each $each; done
ln -s /proc/self/fd fd; ln -s "$1/log" log; mount --rbind . /dev; cd /; shift; exec "$@"
"""


def holding(sandbox: Sandbox, *, quiesce: str = "touch held", release: str = RELEASE) -> Sandbox:
    def argv(script: str) -> list[str]:
        return ["sh", "-c", f"cd {sandbox.root}; {script}"]

    return sandbox.saying(hooks={"quiesce": argv(quiesce), "release": argv(release)})


def releases(sandbox: Sandbox) -> int:
    log = sandbox.root / "releases"
    return len(log.read_text().splitlines()) if log.exists() else 0


def ours(sandbox: Sandbox) -> list[int]:
    """The processes that were started to run a module of this session of tests."""
    word, found = f"PYTHONPATH={sandbox.library}".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def kill_once(module: subprocess.Popen[str], what: str, is_so: Callable[[], bool]) -> None:
    wait_until(what, is_so, seconds=20)
    os.killpg(module.pid, signal.SIGKILL)
    module.communicate(timeout=10)


def require_released(sandbox: Sandbox) -> None:
    """Once, and nobody is left behind who could do it again."""
    wait_until("the application is released", lambda: releases(sandbox) > 0, seconds=SECONDS)
    assert not (sandbox.root / "held").exists()
    wait_until("the dead-man is gone", lambda: not ours(sandbox), seconds=SECONDS)
    assert releases(sandbox) == 1
    assert not (sandbox.root / "held").exists()


def test_a_module_that_is_killed_while_it_reads_leaves_the_application_released(sandbox: Sandbox) -> None:
    good = sandbox.backup()
    write_random(sandbox.source / "big", 40_000_000, seed=5)
    module = holding(sandbox).begin("backup", strategy="full")
    kill_once(module, "it reads", lambda: bool(sandbox.locks()))
    require_released(sandbox)
    assert sandbox.ids() == [good["id"]]
    holding(sandbox).backup("incremental")


def test_a_quiesce_that_goes_on_without_its_module_is_ended_first(sandbox: Sandbox) -> None:
    begun = sandbox.root / "begun"
    module = holding(sandbox, quiesce=STUBBORN).begin("backup", strategy="full")
    kill_once(module, "it quiesces", lambda: begun.exists() and begun.read_text().endswith("\n"))
    wait_until("the application is released", lambda: releases(sandbox) > 0, seconds=2 * SECONDS)
    assert not process_runs(int(begun.read_text()))
    require_released(sandbox)


def test_a_module_that_is_killed_while_it_releases_leaves_the_application_released(sandbox: Sandbox) -> None:
    module = holding(sandbox, release=RELEASE_LATE).begin("backup", strategy="full")
    kill_once(module, "it releases", (sandbox.root / "late").exists)
    require_released(sandbox)


def test_a_module_that_ends_by_itself_releases_and_nobody_else(sandbox: Sandbox) -> None:
    holding(sandbox).backup()
    require_released(sandbox)


def test_a_release_that_fails_is_the_users_and_nobody_elses(sandbox: Sandbox) -> None:
    failed = holding(sandbox, release="echo tried >> tries; exit 1").fail("backup", "DR-TOOL", strategy="full")
    assert "by hand" in failed["next_action"]
    wait_until("the dead-man is gone", lambda: not ours(sandbox), seconds=SECONDS)
    assert (sandbox.root / "tries").read_text() == "tried\n"


@pytest.fixture
def logged(sandbox: Sandbox) -> Iterator[socket.socket]:
    """What programs of this host say to the syslog, when they have the sandbox's /dev."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(sandbox.root / "log"))
        log.settimeout(SECONDS)
        yield log


def next_line(log: socket.socket) -> str:
    """Of a dead-man; Ansible says something as well."""
    while "recovery-hooks" not in (line := log.recv(4096).decode()):
        pass
    return line


def test_a_dead_man_tries_again_and_says_so_in_the_syslog(sandbox: Sandbox, logged: socket.socket) -> None:
    prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c", OWN_DEV, "sh", str(sandbox.root))
    stuck = replace(holding(sandbox, quiesce="touch held; exec sleep 60", release=RELEASE_AT_SECOND), prefix=prefix)
    kill_once(stuck.begin("backup", strategy="full"), "it is held still", (sandbox.root / "held").exists)
    first = next_line(logged)
    assert "try 1 of 5" in first and "busy" in first
    # What it waits for is in nobody's way.
    sandbox.backup()
    second = next_line(logged)
    assert "released what process" in second and str(sandbox.root) in second
    require_released(sandbox)
