# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose process a lease names."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys

from ansible_collections.gogidix.disaster_recovery.plugins.action.lease import this_process
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import process_started

FORK = multiprocessing.get_context("fork")

# A play that is killed while its worker, which has a session of its own, is still on its way to the host.
ORPHANED_WORKER = """
import multiprocessing, os, signal, sys, time
from ansible_collections.gogidix.disaster_recovery.plugins.action.lease import this_process

def worker():
    os.setsid()
    play = multiprocessing.parent_process().pid
    while os.getppid() == play:
        time.sleep(0.01)
    try:
        print("named", this_process()["pid"], flush=True)
    except Exception as error:
        print(error, flush=True)

multiprocessing.get_context("fork").Process(target=worker).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_names_the_play_that_forked_it() -> None:
    answers = FORK.SimpleQueue()
    worker = FORK.Process(target=lambda: answers.put(this_process()))
    worker.start()
    named = answers.get()
    worker.join()
    assert (named["pid"], named["pid_started"]) == (os.getpid(), process_started(os.getpid()))


def test_a_worker_that_outlives_its_play_takes_no_lease() -> None:
    """Its parent is init by then, which lives for ever: no later run could take that lease over."""
    said = subprocess.run([sys.executable, "-c", ORPHANED_WORKER], stdout=subprocess.PIPE, text=True, check=False)
    assert "the play that asked for the lease is gone" in said.stdout
