# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mariadb-backup says, and what a backup may build on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.binary_logs import SERVER, record, start

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_backup import (
    backup_argv,
    is_done,
    meaning_of,
    read_info,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import LogPosition
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    Facts,
    Holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import ServerState
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import History
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_programs import (
    identity_of,
    series_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_restore import (
    next_log_number,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_taking import (
    base_for,
    data_bytes,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError

CHECKPOINTS = "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 44894\nlast_lsn = 46903\n"
INFO = (
    "server_version = 10.11.6-MariaDB-log\n"
    "binlog_pos = filename 'mariadb-bin.000001', position '637', GTID of the last change '0-7-2,1-8-3'\n"
)


def notes(directory: Path, checkpoints: str = CHECKPOINTS, info: str = INFO, prefix: str = "xtrabackup") -> Path:
    (directory / f"{prefix}_checkpoints").write_text(checkpoints)
    (directory / f"{prefix}_info").write_text(info)
    return directory


@pytest.mark.parametrize("prefix", ["xtrabackup", "mariadb_backup"])
def test_the_notes_of_a_backup_are_read(tmp_path: Path, prefix: str) -> None:
    info = read_info(notes(tmp_path, prefix=prefix), "take a backup")
    assert (info.to_lsn, info.last_lsn, info.gtids) == (44894, 46903, "0-7-2,1-8-3")
    assert str(info.position) == "mariadb-bin.000001:637" and series_of(info.server_version) == "10.11"


def test_a_server_without_a_binary_log_has_no_position(tmp_path: Path) -> None:
    info = read_info(notes(tmp_path, info="server_version = 10.11.6-MariaDB\n"), "take a backup")
    assert info.position is None and info.gtids == ""


@pytest.mark.parametrize("checkpoints", ["", "backup_type = full-backuped\n", CHECKPOINTS.replace("44894", "many")])
def test_notes_that_lack_or_garble_a_field_are_a_failure(tmp_path: Path, checkpoints: str) -> None:
    with pytest.raises(ToolError, match="lack or garble"):
        read_info(notes(tmp_path, checkpoints=checkpoints), "take a backup")


def test_only_the_last_word_says_that_it_is_done() -> None:
    assert is_done("[00] 2026-01-02 completed OK!\n\n")
    assert not is_done("[00] completed OK!\n[00] FATAL ERROR: something\n") and not is_done("")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Failed to connect to server: Access denied for user 'x'@'localhost'", "DR-AUTH"),
        ("Failed to connect to server: Can't connect to local server through socket", "DR-PRE"),
        ("Error: write to stdout failed: No space left on device", "DR-SPACE"),
        ("Error: This incremental backup seems not to be proper for the target.", "DR-INT"),
        ("something that nobody knows", "DR-TOOL"),
        ("", "DR-TOOL"),
    ],
)
def test_its_words_have_a_meaning_and_unknown_ones_are_a_failure(words: str, code: str) -> None:
    assert meaning_of(words, "take a backup", 1).error_code == code


def test_a_full_backup_names_no_lsn_and_an_incremental_one_its_parents() -> None:
    def argv(lsn: int) -> list[str]:
        places = {"data": Path("/d"), "socket": Path("/s"), "notes": Path("/n")}
        return backup_argv(["mariadb-backup"], ["--defaults-extra-file=/x"], lsn=lsn, jobs=2, **places)

    full = argv(0)
    assert full[1] == "--defaults-extra-file=/x" and "--parallel=2" in full
    assert not [word for word in full if "incremental" in word]
    assert "--incremental-lsn=7" in argv(7)


STATE = ServerState("10.11.9-MariaDB", SERVER, Path("/d"), "/l/bin", False, "", 0)
FULL = record(start("F", 1))
NEWER = replace(record(start("I", 2), strategy="incremental"), parent="F", chain=["F"])
HOLDINGS = Holdings([FULL, NEWER], {each.id: Facts("", SERVER, "/l/bin", 0) for each in (FULL, NEWER)})


def test_an_incremental_builds_on_the_newest_and_a_differential_on_the_newest_full_one() -> None:
    assert base_for("incremental", HOLDINGS, STATE, "system", History()).parent == NEWER
    assert base_for("differential", HOLDINGS, STATE, "system", History()).parent == FULL
    assert base_for("full", HOLDINGS, STATE, "system", History()).parent is None
    broken_off = replace(NEWER, id="X", is_complete=False, errors=["it was broken off"])
    seen = replace(HOLDINGS, records=[*HOLDINGS.records, broken_off])
    assert base_for("incremental", seen, STATE, "system", History()).parent == NEWER


@pytest.mark.parametrize(
    ("holdings", "state", "identity", "history", "words"),
    [
        (Holdings(), STATE, "system", History(), "no full backup"),
        (replace(HOLDINGS, records=[replace(FULL, errors=["x"])]), STATE, "system", History(), "is damaged"),
        (HOLDINGS, STATE, "another", History(), "of another server"),
        (HOLDINGS, replace(STATE, server_id=8), "system", History(), "server_id"),
        (HOLDINGS, replace(STATE, version="11.4.2-MariaDB"), "system", History(), "version"),
        (HOLDINGS, STATE, "system", History().after(2, LogPosition.parse("bin.000001:9"), 3), "abandoned"),
    ],
)
def test_what_is_not_of_exactly_this_past_is_never_built_upon(
    holdings: Holdings, state: ServerState, identity: str, history: History, words: str
) -> None:
    base = base_for("incremental", holdings, state, identity, history)
    assert base.parent is None and words in base.reason


def test_an_identity_is_read_and_an_empty_or_garbled_one_is_none(tmp_path: Path) -> None:
    control = tmp_path / "aria_log_control"
    assert identity_of(tmp_path) is None
    control.write_bytes(b"\xfe\xfe\x0c\x01" + bytes(range(16)) + bytes(20))
    assert identity_of(tmp_path) == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    for wrong in (b"\xfe\xfe\x0c\x01" + bytes(36), b"\xfe\xfe\x0c\x01abc", b"something else, long enough to be one"):
        control.write_bytes(wrong)
        assert identity_of(tmp_path) is None


def test_logs_do_not_count_as_data(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    for name, size in (("ibdata1", 10), ("shop/a.ibd", 5), ("ib_logfile0", 100), ("bin.000001", 100)):
        (tmp_path / name).write_bytes(bytes(size))
    assert data_bytes(tmp_path, str(tmp_path / "bin")) == 15


def test_a_server_goes_on_after_the_highest_number_that_lies_there(tmp_path: Path) -> None:
    for name in ("bin.000009", "bin.000010", "bin.index", "other.000099"):
        (tmp_path / name).write_text("")
    assert next_log_number(str(tmp_path / "bin"), Path("/live")) == 11
    # What lies in the data directory is kept aside with it.
    assert next_log_number(str(tmp_path / "bin"), tmp_path) == 1
    assert next_log_number(str(tmp_path / "sub" / "bin"), tmp_path) == 1
    assert next_log_number(str(tmp_path / "none" / "bin"), Path("/live")) == 1
