# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a MariaDB server has committed what the repository lacks, by its own files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.binary_logs import FIRST_AT, FIRST_SECOND, SERVER, LogWriter, record, start

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import LogPosition
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    Facts,
    Holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_idle import (
    Standing,
    answer,
    compared,
    doubt_about,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import ServerState
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import (
    ArchivedLog,
    LogArchive,
    LogWindow,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError


@pytest.fixture
def seen(tmp_path: Path) -> Standing:
    """A server that has closed its first file, which was shipped, and has written nothing into its second one."""
    first = LogWriter().begin(0).transaction(1, 1).close(2).write(tmp_path / "bin.000001")
    second = LogWriter().begin(2, 1, is_open=True).write(tmp_path / "bin.000002")
    state = ServerState("10.11.6-MariaDB", SERVER, tmp_path, str(tmp_path / "bin"), False, f"0-{SERVER}-1", 0)
    position = LogPosition(2, second.name, second.stat().st_size)
    return Standing(state, 1, [first, second], position, "")


def window(seen: Standing, *, created: int = 0) -> LogWindow:
    """What the repository has: everything until the end of the first file."""
    size = seen.paths[0].stat().st_size
    ends = f"0-{SERVER}-1"
    last = ArchivedLog(
        "s1", "bin.000001", 1, 1, SERVER, FIRST_SECOND + created, FIRST_SECOND + 2, size, "", ends, "cafe"
    )
    begin, end = LogPosition(1, "bin.000001", 4), LogPosition(1, "bin.000001", size)
    return LogWindow(1, ["F"], FIRST_AT, FIRST_AT + timedelta(seconds=2), begin, end, ends, last)


def into_second(seen: Standing, *, number: int = 2) -> None:
    LogWriter().begin(2, 1, is_open=True).transaction(number, 3).write(seen.paths[1])


def test_headers_after_what_is_shipped_are_nothing(seen: Standing) -> None:
    assert doubt_about(seen, window(seen), Holdings()) == ""
    said = compared(seen, window(seen))
    assert (said.state, said.all_shipped, said.unshipped_bytes) == ("primary", True, 0)


def test_a_transaction_in_the_current_file_is_not_shipped(seen: Standing) -> None:
    into_second(seen)
    for gtids in (f"0-{SERVER}-2", f"0-{SERVER}-1"):
        # Whatever the server counted a moment before: its files were read later.
        said = compared(replace(seen, state=replace(seen.state, gtids=gtids)), window(seen))
        assert said.all_shipped is False and said.unshipped_bytes == seen.paths[1].stat().st_size
        assert f"{said.unshipped_bytes} bytes of its log after bin.000001:" in said.observed


def test_a_closed_file_that_is_not_shipped_is_read_as_well(seen: Standing) -> None:
    LogWriter().begin(2, 1).transaction(2, 3).close(4).write(seen.paths[1])
    third = LogWriter().begin(4, 2, is_open=True).write(seen.paths[1].with_name("bin.000003"))
    said = compared(replace(seen, paths=[*seen.paths, third]), window(seen))
    assert said.all_shipped is False


def test_what_only_the_servers_count_tells_is_a_change(seen: Standing) -> None:
    for gtids in (f"0-{SERVER}-2", f"0-{SERVER}-1,1-{SERVER}-1", ""):
        assert compared(replace(seen, state=replace(seen.state, gtids=gtids)), window(seen)).all_shipped is False


def test_a_position_at_which_no_event_begins_is_of_another_file(seen: Standing) -> None:
    for offset in (5, 100_000):
        other = replace(window(seen), until_position=LogPosition(1, "bin.000001", offset))
        assert compared(seen, other).all_shipped is False


def test_a_damaged_file_is_no_proof(seen: Standing) -> None:
    into_second(seen)
    seen.paths[1].write_bytes(seen.paths[1].read_bytes()[:-3])
    with pytest.raises(IntegrityError, match="in the middle of an event"):
        compared(
            replace(seen, state=replace(seen.state, gtids=f"0-{SERVER}-1")),
            replace(window(seen), until_position=LogPosition(2, "bin.000002", seen.paths[1].stat().st_size)),
        )


def test_a_server_that_cannot_be_compared_proves_nothing(seen: Standing) -> None:
    for other, told, words in (
        (replace(seen, timeline=2), window(seen), "it is on timeline 2, and the newest in the repository is 1"),
        (replace(seen, leaves_out="shop"), window(seen), "its log leaves out what"),
        (replace(seen, paths=seen.paths[1:]), window(seen), "it does not have bin.000001 any more"),
        # The name came back after RESET MASTER.
        (seen, window(seen, created=7), "its bin.000001 is not the one with which the repository's log ends"),
    ):
        assert doubt_about(other, told, Holdings()).startswith(words)


def test_a_backup_without_any_log_after_it_is_compared_with_the_file_that_it_stands_in(seen: Standing) -> None:
    size = seen.paths[0].stat().st_size
    for second, other, is_known in ((2.0, SERVER, True), (-1.0, SERVER, False), (2.0, 8, False)):
        of = replace(start("F", 1, size, second=second), server_id=other)
        holdings = Holdings([record(of)], {"F": Facts(f"0-{SERVER}-1", other, "bin", 0)}, LogArchive())
        (found,) = holdings.windows(holdings.records)
        assert (doubt_about(seen, found, holdings) == "") is is_known
        assert compared(seen, found).all_shipped is True
        assert answer(seen, holdings, holdings.records).all_shipped is (True if is_known else None)
    assert answer(seen, holdings, []).observed == "nothing can be recovered from the repository"
    into_second(seen)
    assert compared(seen, found).all_shipped is False
