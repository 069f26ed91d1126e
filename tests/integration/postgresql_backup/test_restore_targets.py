# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a restore of the real PostgreSQL ends: exactly at the place, the transaction or the name that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.postgresql import PROGRAMS, as_postgres

PORT = 5433


@dataclass(frozen=True)
class Ledger:
    """Rows 1 and 2 lie between two backups, rows 3 to 5 after both; each has what names its moment."""

    sandbox: Sandbox
    first: str
    second: str
    # The transaction of each row, and the place in the log right after it.
    transactions: dict[int, str]
    places: dict[int, str]


@pytest.fixture(scope="module")
def ledger(make_sandbox: MakeSandbox) -> Ledger:
    sandbox = make_sandbox()
    transactions, places = {}, {}
    sandbox.sql("CREATE TABLE ledger (id int PRIMARY KEY); CREATE DATABASE archive;")
    sandbox.sql("\\connect archive\nCREATE TABLE letter AS SELECT i AS id FROM generate_series(1, 30) i;")

    def write(row: int) -> None:
        insert = f"BEGIN; INSERT INTO ledger VALUES ({row}); SELECT pg_current_xact_id(); COMMIT;"
        transactions[row] = sandbox.sql(insert).strip()
        places[row] = sandbox.sql("SELECT pg_current_wal_insert_lsn()")

    first = sandbox.succeed("backup", strategy="full")["backup"]["id"]
    write(1)
    sandbox.sql("SELECT pg_create_restore_point('after_the_first_row')")
    write(2)
    second = sandbox.succeed("backup", strategy="incremental")["backup"]["id"]
    for row in (3, 4, 5):
        write(row)
    sandbox.succeed("backup", strategy="transaction_log")
    return Ledger(sandbox, first, second, transactions, places)


@pytest.fixture
def copy(ledger: Ledger) -> Iterator[Path]:
    """A place for a copy, which is removed with whatever runs there."""
    directory = ledger.sandbox.root / "copy"
    yield directory
    ledger.sandbox.succeed("restore", directory=str(directory), state="absent")


def rows(ledger: Ledger, copy: Path) -> str:
    return ledger.sandbox.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM ledger", at=copy, port=PORT)


def restored(ledger: Ledger, copy: Path, kind: str, value: str, **options: Any) -> dict[str, Any]:
    target = {"type": kind, "value": value}
    return ledger.sandbox.succeed("restore", directory=str(copy), port=PORT, target=target, **options)


def test_a_place_in_the_log_ends_with_what_was_written_before_it(ledger: Ledger, copy: Path) -> None:
    result = restored(ledger, copy, "lsn", ledger.places[4])
    assert rows(ledger, copy) == "1 2 3 4"
    assert result["backup"]["id"] == ledger.second and ledger.places[4] in result["reached"]["by"]


def test_a_place_before_the_newest_backup_is_recovered_from_the_one_before(ledger: Ledger, copy: Path) -> None:
    result = restored(ledger, copy, "lsn", ledger.places[1])
    assert rows(ledger, copy) == "1" and result["backup"]["id"] == ledger.first


def test_a_transaction_is_the_last_one_that_is_recovered(ledger: Ledger, copy: Path) -> None:
    result = restored(ledger, copy, "xid", ledger.transactions[4], backup=ledger.second)
    assert rows(ledger, copy) == "1 2 3 4"
    assert f"after commit of transaction {ledger.transactions[4]}" in result["reached"]["by"]


def test_a_name_between_two_backups_is_recovered_from_the_older_one_that_is_named(ledger: Ledger, copy: Path) -> None:
    result = restored(ledger, copy, "name", "after_the_first_row", backup=ledger.first)
    assert rows(ledger, copy) == "1" and "after_the_first_row" in result["reached"]["by"]


@pytest.mark.parametrize("target", [{"type": "name", "value": "after_the_first_row"}, {"type": "xid", "value": "741"}])
def test_what_only_replay_finds_is_refused_while_several_backups_could_be_the_start(
    ledger: Ledger, target: dict[str, str]
) -> None:
    directory = ledger.sandbox.root / "refused"
    error = ledger.sandbox.fail("restore", "DR-INPUT", directory=str(directory), target=target)
    assert [each["id"] for each in error["recovery"]["candidates"]] == [ledger.second, ledger.first]
    assert ledger.first in error["msg"] and "recovery_restore_backup" in error["next_action"]
    assert error["data_state"] == "untouched" and not list(ledger.sandbox.root.glob("refused*"))


def test_a_named_backup_that_ended_after_the_target_is_told_apart_from_missing_log(ledger: Ledger) -> None:
    options: dict[str, Any] = {"directory": str(ledger.sandbox.root / "late"), "backup": ledger.second, "port": PORT}
    target = {"type": "name", "value": "after_the_first_row"}
    error = ledger.sandbox.fail("restore", "DR-WAL", target=target, **options)
    assert f"Name a backup before {ledger.second}" in error["next_action"]


def test_one_database_of_a_cluster_is_taken_out_and_can_be_loaded_elsewhere(ledger: Ledger, copy: Path) -> None:
    sandbox = ledger.sandbox
    select = {"databases": ["archive"]}
    result = restored(ledger, copy, "lsn", ledger.places[4], select=select)
    [part] = result["extracted"]
    assert (part["part"], part["tables"]) == ("archive", 1) and [each.name for each in copy.iterdir()] == [
        "archive.dump"
    ]
    assert not sandbox.is_running(copy)
    sandbox.sql("CREATE DATABASE looked_at;")
    as_postgres(str(PROGRAMS / "pg_restore"), "-h", str(sandbox.root), "-d", "looked_at", part["file"])
    assert sandbox.sql("\\connect looked_at\nSELECT count(*) FROM letter") == "30"
    # What was needed to look through the copy is no part of it.
    assert sandbox.sql("\\connect looked_at\nSELECT count(*) FROM pg_extension WHERE extname = 'amcheck'") == "0"
    sandbox.sql("DROP DATABASE looked_at;")
