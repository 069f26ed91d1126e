# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A damaged source, one that only seems to ship its log, a lost history in the archive: each is told for what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.postgresql import PROGRAMS, as_postgres

PAGE_BYTES = 8192
MEND = "SET zero_damaged_pages = on; CREATE TABLE mended AS SELECT * FROM product; DROP TABLE product;"


def with_products(sandbox: Sandbox) -> dict[str, Any]:
    """The backup of a table with rows in it."""
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name text);")
    sandbox.sql("INSERT INTO product SELECT i, md5(i::text) FROM generate_series(1, 20000) i;")
    record: dict[str, Any] = sandbox.succeed("backup", strategy="full")["backup"]
    return record


def damage_a_page(sandbox: Sandbox) -> None:
    """As a bad disk does: behind the back of the server, which has the page in its memory and notices nothing."""
    sandbox.sql("CHECKPOINT;")
    file = sandbox.data / sandbox.sql("SELECT pg_relation_filepath('product');").strip()
    with file.open("r+b") as stream:
        stream.seek(3 * PAGE_BYTES + PAGE_BYTES // 2)
        stream.write(b"\xff" * 16)


def usable(sandbox: Sandbox) -> list[str]:
    return [each["id"] for each in sandbox.succeed("backup_info")["backups"] if not each["errors"]]


def test_a_backup_of_a_damaged_page_is_none_and_the_last_clean_one_stays_the_newest(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    clean = with_products(sandbox)["id"]
    damage_a_page(sandbox)
    # pgBackRest itself warns, stores it, and ends with 0.
    error = sandbox.fail("backup", "DR-INT", strategy="full")
    assert "pages failed their checksum" in error["cause"]
    assert usable(sandbox) == [clean]
    listed = sandbox.succeed("backup_info")
    assert len(listed["backups"]) == 2
    assert [window["backups"] for window in listed["windows"]] == [[clean]]
    damaged = listed["backups"][-1]["id"]
    sandbox.fail("restore", "DR-INT", mode="beside", directory=str(sandbox.root / "beside"), backup=damaged)
    would = sandbox.succeed("restore", check=True, mode="beside", directory=str(sandbox.root / "beside"))
    assert would["backup"]["id"] == clean

    # Nothing is built upon it.
    sandbox.sql(MEND)
    taken = sandbox.succeed("backup", strategy="incremental")
    assert taken["backup"]["strategy"] == "full" and "chain is broken" in taken["notes"][0]
    assert usable(sandbox) == [clean, taken["backup"]["id"]]


def test_an_archive_command_that_only_says_that_it_ships_is_found_out(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    taken = sandbox.succeed("backup", strategy="full")["backup"]["id"]
    reached = sandbox.succeed("backup_info")["windows"][0]["until_lsn"]
    sandbox.sql("ALTER SYSTEM SET archive_command = '/bin/true'; SELECT pg_reload_conf();")
    error = sandbox.fail("backup", "DR-DEADLINE", strategy="transaction_log", deadline=4)
    assert "its archive_command, '/bin/true', says that it was shipped" in error["cause"]
    error = sandbox.fail("backup", "DR-PRE", strategy="full")
    assert "plan protect" in error["next_action"]
    listed = sandbox.succeed("backup_info")
    assert [each["id"] for each in listed["backups"]] == [taken]
    assert listed["windows"][0]["until_lsn"] == reached


def promote(sandbox: Sandbox) -> None:
    """Onto the next timeline, as a failover does."""
    sandbox.stop()
    as_postgres("touch", str(sandbox.data / "standby.signal"))
    sandbox.start()
    as_postgres(str(PROGRAMS / "pg_ctl"), "promote", "--wait", "--pgdata", str(sandbox.data))


def history_of(sandbox: Sandbox) -> Path:
    [file] = (sandbox.repository / "archive").rglob("00000002.history")
    return file


def test_log_that_lost_its_history_is_not_left_out_in_silence(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    with_products(sandbox)
    promote(sandbox)
    sandbox.sql("INSERT INTO product VALUES (20001, 'after the failover');")
    sandbox.succeed("backup", strategy="transaction_log")
    kept = history_of(sandbox).rename(sandbox.root / "00000002.history")
    beside: dict[str, Any] = {"mode": "beside", "directory": str(sandbox.root / "beside")}
    error = sandbox.fail("restore", "DR-TL", **beside)
    assert "00000002.history" in error["next_action"]
    before = sandbox.succeed("restore", check=True, timeline=1, **beside)
    assert {"check": "timeline", "passed": True, "observed": "1 leads to 1", "required": "1"} in before["preflight"]

    kept.rename(next((sandbox.repository / "archive").rglob("archive.info")).parent / "15-1" / kept.name)
    sandbox.succeed("restore", **beside)
    asked = sandbox.sql("SELECT name FROM product WHERE id = 20001;", at=sandbox.root / "beside")
    assert asked.strip() == "after the failover"
