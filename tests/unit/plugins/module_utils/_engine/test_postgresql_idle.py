# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a PostgreSQL server has committed what the repository lacks; what nobody can tell is taken for a commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import _postgresql_idle
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_idle import (
    MOST_RECORDS,
    RECORD,
    Standing,
    ask,
    is_without_changes,
    read_log,
    shipped_until,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import LiveCluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import Catalogue
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError

SYSTEM = "7711027769581624793"
SEGMENT = 16 * 1024 * 1024
LINE = "rmgr: {} len (rec/tot):     {}/   {}, tx:          0, lsn: 0/{:08X}, prev 0/04FFFF00, desc: {}"


def row(inserted: str = "0/5000028", written: str = "0/5000000", **changes: str) -> list[str]:
    told = {
        "recovers": "f",
        "system": SYSTEM,
        "inserted": inserted,
        "written": written,
        "timeline": "2",
        "segment_bytes": str(SEGMENT),
        "page_bytes": "8192",
        "archive_mode": "on",
        "directory": "/data",
        "failed": "",
    }
    return list({**told, **changes}.values())


def catalogue(*windows: tuple[int, str], system: str = SYSTEM) -> Catalogue:
    found = [{"timeline": timeline, "until_lsn": lsn} for timeline, lsn in windows or [(2, "0/5000000")]]
    return Catalogue([], found, None, system, False)


def line(offset: int, record: str, *, manager: str = "XLOG", size: int = 114) -> str:
    return LINE.format(manager, size, size, 0x5000000 + offset, record)


# A checkpoint that ends where the log of the tests ends.
LAST = line(0xC8, "CHECKPOINT_ONLINE redo 0/1")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server and pg_waldump say; a test puts its own words there."""
    told: dict[str, Any] = {"rows": [row()], "lines": []}
    monkeypatch.setattr(LiveCluster, "require_answer", lambda *_: told["rows"])
    monkeypatch.setattr(_postgresql_idle, "read_log", lambda *_: [RECORD.match(each) for each in told["lines"]])
    monkeypatch.setattr(_postgresql_idle, "WRITING_SECONDS", 0.0)
    return told


def live() -> LiveCluster:
    options = ("database", "data_directory", "configuration_directory", "binary_directory", "socket_directory")
    return LiveCluster.of({"version": "15", "cluster": "main", "port": 5432, **dict.fromkeys(options)}, Deadline(5))


def test_a_server_whose_newest_segment_is_empty_has_nothing_that_is_not_shipped(answers: dict[str, Any]) -> None:
    seen = ask(live(), catalogue())
    assert (seen.state, seen.all_shipped, seen.unshipped_bytes) == ("primary", True, 0)


def test_what_a_server_writes_that_is_only_read_is_nothing(answers: dict[str, Any]) -> None:
    # As long as a page, and so with the headers of two pages in it.
    answers["rows"] = [row("0/5002068", "0/5002068")]
    answers["lines"] = [line(0x28, "FPI_FOR_HINT ", size=8220)]
    assert ask(live(), catalogue()).all_shipped is True


def test_what_an_idle_server_writes_by_itself_is_nothing(answers: dict[str, Any]) -> None:
    answers["rows"] = [row("0/50000D8", "0/50000D8")]
    answers["lines"] = [
        line(0x28, "RUNNING_XACTS ", manager="Standby", size=50),
        line(0x60, "CHECKPOINT_ONLINE redo 0/1"),
    ]
    assert ask(live(), catalogue()).all_shipped is True


@pytest.mark.parametrize(
    "lines",
    [
        [line(0x28, "COMMIT 2026", manager="Transaction", size=34), LAST],
        [line(0x28, "CHECKPOINT_ONLINE redo"), line(0xA0, "COMMIT_PREPARED 731", manager="Transaction", size=34), LAST],
        [line(0x28, "FPI ", size=60), LAST],
        # A record that was begun before ends in there, and one that is not shown may follow.
        [line(0x60, "CHECKPOINT_ONLINE redo"), LAST],
        [line(0x28, "RUNNING_XACTS ", manager="Standby", size=50)],
        # Words that nobody knows, and none at all.
        ["pg_waldump: what is this", line(0x28, "CHECKPOINT_ONLINE redo"), LAST],
        [line(0x28, "CHECKPOINT_ONLINE redo"), "what is this", LAST],
        [],
    ],
)
def test_anything_else_after_what_is_shipped_is_a_change(answers: dict[str, Any], lines: list[str]) -> None:
    answers.update(rows=[row("0/5000140", "0/5000140")], lines=lines)
    seen = ask(live(), catalogue())
    assert (seen.all_shipped, seen.unshipped_bytes) == (False, 0x140)
    assert "it has written since: 320 bytes of its log after 0/5000000 are not in the repository" in seen.observed


def test_a_commit_that_did_not_wait_for_the_disk_is_one(answers: dict[str, Any]) -> None:
    answers.update(rows=[row("0/50000A0", "0/5000028")], lines=[line(0x28, "CHECKPOINT_ONLINE redo")])
    assert ask(live(), catalogue()).all_shipped is False
    answers["rows"] = [row("0/50000A0", "0/50000A0")]
    assert ask(live(), catalogue()).all_shipped is True


def test_more_records_than_an_idle_server_writes_are_not_read_to_their_end() -> None:
    seen = Standing.of(row("0/5100000"))
    records = [
        RECORD.match(line(0x28 + 56 * each, "RUNNING_XACTS ", manager="Standby")) for each in range(MOST_RECORDS)
    ]
    seen = replace(seen, inserted=0x5000000 + 0x28 + 56 * MOST_RECORDS)
    assert not is_without_changes(records, seen, 0x5000000)


@pytest.mark.parametrize(
    ("told", "known", "words"),
    [
        (row(system="1"), catalogue(), f"it is system 1, and the repository is of system {SYSTEM}"),
        (row(timeline="3"), catalogue(), "it is on timeline 3, and the newest in the repository is 2"),
        (
            row(),
            catalogue((2, "0/5000000"), (3, "0/5000000")),
            "it is on timeline 2, and the newest in the repository is 3",
        ),
        (row(), replace(catalogue(), windows=[]), "nothing can be recovered from the repository"),
        (row(), catalogue((2, "0/6000000")), "it stands at 0/5000028, and the repository has log until 0/6000000"),
        (row(archive_mode="off"), catalogue(), "its archive_mode is off"),
        (row(failed="000000020000000000000004"), catalogue(), "its archiver fails, last with 000000020000000000000004"),
    ],
)
def test_a_server_that_cannot_be_compared_proves_nothing(
    answers: dict[str, Any], told: list[str], known: Catalogue, words: str
) -> None:
    answers["rows"] = [told]
    seen = ask(live(), known)
    assert (seen.state, seen.all_shipped, seen.observed) == ("primary", None, words)


def test_a_server_in_recovery_is_a_standby_and_one_that_is_not_understood_an_error(answers: dict[str, Any]) -> None:
    answers["rows"] = [row("0/0", "0/0", recovers="t", timeline="0")]
    assert (ask(live(), catalogue()).state, ask(live(), catalogue()).all_shipped) == ("standby", None)
    for rows in ([], [["f"]], [row("nowhere")]):
        answers["rows"] = rows
        with pytest.raises(ToolError, match="its answer is not understood"):
            ask(live(), catalogue())


def test_the_log_ends_where_there_is_more_than_a_header() -> None:
    for told, end in (("0/5000028", 0x5000000), ("0/5002018", 0x5002000), ("0/5000030", 0x5000030)):
        assert Standing.of(row(told)).end == end


def test_the_log_of_the_servers_own_timeline_is_compared() -> None:
    known = catalogue((1, "0/9000000"), (2, "0/4000000"), (2, "0/5000000"))
    assert shipped_until(Standing.of(row()), known) == (0x5000000, "")


def test_log_that_is_gone_was_followed_by_much_more_and_log_that_cannot_be_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def says(rc: int, stdout: str, stderr: str) -> None:
        monkeypatch.setattr(_postgresql_idle, "run_tool", lambda *_, **__: Finished([], rc, stdout, stderr, 0.1))

    seen = Standing.of(row("0/50000A0"))
    says(1, "", "could not find file: No such file or directory")
    assert read_log(live(), seen, 0x5000000) == [None] and not is_without_changes([None], seen, 0x5000000)
    says(1, "", "could not open file: Permission denied")
    with pytest.raises(ToolError, match="Permission denied"):
        read_log(live(), seen, 0x5000000)
    says(0, f"{LAST}\nwhat is this", "")
    assert [each is not None for each in read_log(live(), seen, 0x5000000)] == [True, False]
