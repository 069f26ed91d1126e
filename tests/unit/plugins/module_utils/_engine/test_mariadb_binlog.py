# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the binary log, read event by event."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.binary_logs import ENCRYPTION, FIRST_SECOND, LogWriter

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    events,
    gtids_text,
    parse_gtids,
    read_content,
    require_boundary,
    stop_after_gtid,
    stop_before_second,
    transactions,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    VersionError,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three transactions, of which the second one took long and the third one is older than it by the clock."""
    writer = LogWriter().begin(0, after=4).transaction(5, 1).transaction(6, 2, committed=9).transaction(7, 3)
    return writer.close(10).write(tmp_path / "bin.000003")


def test_a_file_says_what_it_holds(file: Path) -> None:
    content = read_content(file)
    assert (content.number, content.server_id, content.is_torn) == (3, 7, False)
    assert (content.created_at, content.ended_at) == (FIRST_SECOND, FIRST_SECOND + 10)
    assert gtids_text(content.starts_after) == "0-7-4" and gtids_text(content.ends_with) == "0-7-7"
    assert content.end_offset == file.stat().st_size


def test_transactions_reach_from_their_gtid_to_their_commit(file: Path) -> None:
    found = list(transactions(file))
    assert [each.gtid for each in found] == ["0-7-5", "0-7-6", "0-7-7"]
    assert [each.at - FIRST_SECOND for each in found] == [1, 9, 3]
    assert found[0].end == found[1].start and found[1].end == found[2].start


def test_nothing_from_the_second_of_the_target_on_is_kept_in_the_order_of_the_log(file: Path) -> None:
    first, second, _third = transactions(file)
    assert stop_before_second(file, FIRST_SECOND + 1, 0) == first
    # What the log has after a transaction that is too young is too young as well, whatever its clock says.
    assert stop_before_second(file, FIRST_SECOND + 5, 0) == second
    assert stop_before_second(file, FIRST_SECOND + 10, 0) is None
    assert stop_before_second(file, FIRST_SECOND + 1, first.end) == second


def test_a_recovery_ends_between_transactions_only(file: Path) -> None:
    first, second, third = transactions(file)
    for offset in (first.start, first.end, third.end, file.stat().st_size):
        require_boundary(file, offset)
    with pytest.raises(InputError, match=f"inside of transaction 0-7-6.*{second.start} without.*{second.end} with"):
        require_boundary(file, second.start + 30)
    with pytest.raises(InputError, match="no event at"):
        require_boundary(file, third.end + 3)
    with pytest.raises(InputError, match="no event at"):
        require_boundary(file, 10_000_000)
    found = stop_after_gtid(file, "0-7-6")
    assert found == second and stop_after_gtid(file, "0-9-6") is None


def test_a_flipped_bit_anywhere_is_found(file: Path) -> None:
    whole = file.read_bytes()
    for place in range(4, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises((IntegrityError, VersionError)):
            list(events(file))


def test_a_file_that_is_open_or_was_left_open_by_a_crash_is_no_damage(tmp_path: Path) -> None:
    writer = LogWriter().begin(0, is_open=True).transaction(1, 1)
    content = read_content(writer.write(tmp_path / "bin.000001"))
    assert gtids_text(content.ends_with) == "0-7-1" and not content.is_torn


@pytest.mark.parametrize("lost", [1, 20, 40])
def test_a_transaction_that_a_crash_cut_off_is_left_out(tmp_path: Path, lost: int) -> None:
    writer = LogWriter().begin(0).transaction(1, 1).transaction(2, 2)
    path = tmp_path / "bin.000001"
    path.write_bytes(writer.content[:-lost])
    content = read_content(path)
    assert content.is_torn and gtids_text(content.ends_with) == "0-7-1"
    assert content.end_offset == list(transactions(path))[0].end
    with pytest.raises(IntegrityError, match="in the middle of an event"):
        list(events(path))


def test_a_transaction_that_lacks_only_its_commit_is_left_out(tmp_path: Path) -> None:
    writer = LogWriter().begin(0).transaction(1, 1).transaction(2, 2)
    path = tmp_path / "bin.000001"
    path.write_bytes(writer.content[: writer.places[-1]])
    content = read_content(path)
    assert content.is_torn and gtids_text(content.ends_with) == "0-7-1"
    assert content.end_offset == list(transactions(path))[0].end


def test_a_transaction_before_a_torn_one_counts(tmp_path: Path) -> None:
    writer = LogWriter().begin(0).transaction(1, 1)
    path = tmp_path / "bin.000001"
    path.write_bytes(bytes(writer.content) + b"\x01\x02\x03")
    content = read_content(path)
    assert content.is_torn and gtids_text(content.ends_with) == "0-7-1"
    assert content.end_offset == len(writer.content)


@pytest.mark.parametrize("content", [b"", b"\xfebin", b"something else that is long enough to be a file"])
def test_what_is_no_binary_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bin.000001"
    path.write_bytes(content)
    with pytest.raises(IntegrityError):
        read_content(path)


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    path = LogWriter().begin(0).event(ENCRYPTION, 0, bytes(16)).write(tmp_path / "bin.000001")
    with pytest.raises(VersionError, match="encrypted"):
        read_content(path)


def test_positions_and_gtids_are_read_as_the_server_writes_them() -> None:
    assert str(LogPosition.parse("mariadb-bin.000007:1234")) == "mariadb-bin.000007:1234"
    assert LogPosition.parse("b.000007:9") < LogPosition.parse("b.000010:4")
    assert parse_gtids("0-1-5, 2-3-4") == {0: (1, 5), 2: (3, 4)} and parse_gtids("") == {}
    for wrong in ("mariadb-bin.7", "../x.000001:4", "a:b.000001:4"):
        with pytest.raises(InputError):
            LogPosition.parse(wrong)
    with pytest.raises(InputError):
        parse_gtids("0-1")
