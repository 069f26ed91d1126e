# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restic that got ready for a record stores it whole or not at all, whatever becomes of the one that judges."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import Sandbox
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import (
    BegunRecord,
    begun_record,
    read_record,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    IntegrityError,
    ToolError,
)

TAGS = {"stanza": "shop", "part": "record"}
# More than a pipe holds.
BEGIN = "x" * 3_000_000
REST: dict[str, Any] = {"changed": {}, "figures": {}}
BEGIN_AND_WAIT = """
import sys, time
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import begun_record
with begun_record(Restic.of(sys.argv[1], Deadline(60)), {"stanza": "shop", "part": "record"}) as begun:
    begun.write("manifest", ['"a part of it'])
    time.sleep(60)
"""


def tool(sandbox: Sandbox, seconds: float = 60) -> Restic:
    return Restic.of(str(sandbox.configuration_file), Deadline(seconds))


def write_begin(begun: BegunRecord) -> None:
    begun.write("manifest", ['"', BEGIN[:1_000_000], BEGIN[1_000_000:], '"'])


def snapshots(sandbox: Sandbox) -> list[str]:
    return [str(each["id"]) for each in json.loads(sandbox.restic("snapshots", "--no-lock", "--json")) or []]


def wait_until_ready(sandbox: Sandbox) -> None:
    """It holds its lock, so that it has opened the repository."""
    wait_until("restic holds the repository", lambda: bool(sandbox.locks()), seconds=20)


def test_a_begun_record_is_stored_with_every_byte(sandbox: Sandbox) -> None:
    with begun_record(tool(sandbox), TAGS) as begun:
        wait_until_ready(sandbox)
        write_begin(begun)
        assert snapshots(sandbox) == []
        stored = begun.store(REST, "record it")
    assert [each[:8] for each in snapshots(sandbox)] == [stored]
    assert read_record(tool(sandbox), "read it", str(stored)) == {"manifest": BEGIN, **REST}
    assert sandbox.locks() == []


@pytest.mark.parametrize("is_ready", [False, True], ids=["at once", "when it is ready"])
def test_a_begun_record_that_is_given_up_leaves_nothing(sandbox: Sandbox, is_ready: bool) -> None:
    with begun_record(tool(sandbox), TAGS) as begun:
        if is_ready:
            wait_until_ready(sandbox)
            write_begin(begun)
    assert (snapshots(sandbox), sandbox.locks()) == ([], [])


def started(sandbox: Sandbox) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(sandbox.library)}
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN_AND_WAIT, str(sandbox.configuration_file)], env=environment, start_new_session=True
    )


def holders() -> set[int]:
    """The processes that hold a stream open for this test; others may run beside it."""
    ours, found = os.environ["PYTEST_CURRENT_TEST"].encode(), set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            is_holder = words[:2] == [b"sh", b"-c"] and b"read -r word" in words[2]
            if is_holder and ours in entry.with_name("environ").read_bytes():
                found.add(int(entry.parent.name))
    return found


def test_a_record_whose_judge_is_killed_is_never_stored(sandbox: Sandbox) -> None:
    before = holders()
    judge = started(sandbox)
    wait_until_ready(sandbox)
    os.kill(judge.pid, signal.SIGKILL)
    judge.wait()
    # It holds the stream open for as long as restic reads.
    wait_until("restic has gone", lambda: holders() <= before, seconds=20)
    assert snapshots(sandbox) == []
    sandbox.backup()
    sandbox.succeed("backup_verify", level="checked")
    assert sandbox.locks() == []


def test_a_record_whose_holder_is_killed_is_still_stored_whole(sandbox: Sandbox) -> None:
    before = holders()
    with begun_record(tool(sandbox), TAGS) as begun:
        (holder,) = holders() - before
        os.kill(holder, signal.SIGKILL)
        write_begin(begun)
        stored = begun.store(REST, "record it")
    assert read_record(tool(sandbox), "read it", str(stored)) == {"manifest": BEGIN, **REST}


def test_a_record_of_which_something_is_missing_is_refused(sandbox: Sandbox) -> None:
    before = holders()
    with begun_record(tool(sandbox), TAGS) as begun:
        (holder,) = holders() - before
        os.kill(holder, signal.SIGKILL)
        write_begin(begun)
        # From here on nothing reaches restic any more.
        begun.stream.writing.close()
        begun.is_read = False
        with pytest.raises(IntegrityError, match="its record has 3000"):
            begun.store(REST, "record it")


def test_who_writes_does_not_wait_longer_than_the_deadline(sandbox: Sandbox) -> None:
    with begun_record(tool(sandbox, seconds=3), TAGS) as begun:
        wait_until_ready(sandbox)
        os.killpg(begun.restic.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DeadlineError, match="restic does not read it"):
                write_begin(begun)
        finally:
            os.killpg(begun.restic.process.pid, signal.SIGCONT)
    assert (snapshots(sandbox), sandbox.locks()) == ([], [])


@contextmanager
def held_repository(sandbox: Sandbox) -> Iterator[None]:
    """The repository is somebody's alone, who is asked for a new passphrase and gives none."""
    words = ["sh", "-c", 'set -a; . "$1"; exec restic key passwd', "sh", str(sandbox.configuration_file)]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_ready(sandbox)
    try:
        yield
    finally:
        holder.send_signal(signal.SIGINT)
        holder.communicate()


def test_a_begun_record_that_finds_the_repository_held_says_so(shop: Sandbox) -> None:
    busy = shop.variation("busy")
    before = snapshots(busy)
    with held_repository(busy), begun_record(tool(busy), TAGS) as begun:
        write_begin(begun)
        assert begun.store(REST, "record it") is None
    assert snapshots(busy) == before


def test_a_begun_record_whose_restic_ended_early_may_be_tried_anew(sandbox: Sandbox) -> None:
    with begun_record(tool(sandbox), TAGS) as begun:
        wait_until_ready(sandbox)
        os.kill(begun.restic.process.pid, signal.SIGKILL)
        begun.restic.process.wait()
        write_begin(begun)
        assert begun.store(REST, "record it") is None
    assert snapshots(sandbox) == []
    assert json.loads(begun.text) == {"manifest": BEGIN, **REST}


def test_a_restic_that_dies_after_it_was_given_all_is_told(sandbox: Sandbox) -> None:
    """It may have stored the record: nobody knows."""
    before = holders()

    def kill_when_all_is_given(restic: int) -> None:
        wait_until("the stream has ended", lambda: holders() <= before, seconds=20)
        os.killpg(restic, signal.SIGKILL)

    with begun_record(tool(sandbox), TAGS) as begun, ThreadPoolExecutor(max_workers=1) as beside:
        wait_until_ready(sandbox)
        os.killpg(begun.restic.process.pid, signal.SIGSTOP)
        beside.submit(kill_when_all_is_given, begun.restic.process.pid)
        with pytest.raises(ToolError):
            begun.store(REST, "record it")
