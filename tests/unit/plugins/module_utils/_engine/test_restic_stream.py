# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stream ends only when what wrote it is known to have written all of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_stream import (
    PIPE_BYTES,
    pipe,
    wide_pipe,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    PreconditionError,
    ToolError,
)


def good(finished: Finished) -> None:
    if finished.rc != 0:
        raise ToolError(finished.argv[-1], cause=f"{finished.rc}", next_action="None")


def stream(source: str, sink: str, seconds: float = 5) -> tuple[Finished, Finished]:
    shell = ["sh", "-c"]
    return pipe(
        ([*shell, source], {}), ([*shell, sink], {}), judge_source=good, judge_sink=good, deadline=Deadline(seconds)
    )


def test_both_ends_are_heard(tmp_path: Path) -> None:
    produced, consumed = stream("echo content; echo done >&2", f"cat > {tmp_path}/out; echo kept")
    assert (produced.stderr, consumed.stdout) == ("done\n", "kept\n")
    assert (tmp_path / "out").read_text() == "content\n"


@pytest.mark.parametrize("end", ["exit 3", "kill -9 $$"])
def test_the_reader_never_sees_the_end_of_a_stream_that_was_cut_off(tmp_path: Path, end: str) -> None:
    with pytest.raises(ToolError):
        stream(f"echo content; {end}", f"cat > {tmp_path}/partial; touch {tmp_path}/finished")
    assert not (tmp_path / "finished").exists()


def test_a_reader_that_gives_up_is_the_cause() -> None:
    with pytest.raises(ToolError) as failed:
        stream("while :; do echo content; done", "exit 4")
    assert failed.value.what == "exit 4"


def test_a_stream_that_stands_still_ends_with_the_deadline() -> None:
    with pytest.raises(DeadlineError):
        stream("echo content; sleep 60", "cat", seconds=0.2)


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(PreconditionError):
        pipe((["/no/such"], {}), (["cat"], {}), judge_source=good, judge_sink=good, deadline=Deadline(5))


def test_a_pipe_takes_much_before_its_ends_wait_for_each_other() -> None:
    reading, writing = wide_pipe()
    os.set_blocking(writing, False)
    assert os.write(writing, bytes(2 * PIPE_BYTES)) == PIPE_BYTES
    for each in (reading, writing):
        os.close(each)
