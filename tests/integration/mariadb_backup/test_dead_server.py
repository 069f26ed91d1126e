# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a server that is dead is shipped from its files: what it committed last is not lost with it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import Sandbox

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    gtids_text,
    read_content,
    transactions,
)

# Every way in which a transaction ends in the log.
STATEMENTS = [
    "INSERT INTO product VALUES (30001, 'InnoDB');",
    "INSERT INTO plain VALUES (1);",
    "CREATE TABLE made (id int);",
    "CREATE TABLE chosen SELECT * FROM product;",
    "BEGIN; INSERT INTO plain VALUES (2); INSERT INTO product VALUES (30002, 'both'); COMMIT;",
    "BEGIN; INSERT INTO plain VALUES (3); INSERT INTO product VALUES (30003, 'given up'); ROLLBACK;",
    "XA START 'x'; INSERT INTO product VALUES (30004, 'XA'); XA END 'x'; XA PREPARE 'x';",
    "XA COMMIT 'x';",
    "SET SESSION binlog_format = STATEMENT; INSERT INTO product VALUES (30005, 'statement');",
    f"SET GLOBAL log_bin_compress = ON; CREATE TABLE wide (id int COMMENT '{'x' * 1000}');",
    "INSERT INTO product SELECT seq, REPEAT('x', 100) FROM seq_40001_to_42000;",
    "DELETE FROM product WHERE id > 30000; SET GLOBAL log_bin_compress = OFF;",
]

# A restart marks the file that the server died with as closed, here while restic has just read it.
RESTARTING = """#!/bin/sh
{restic} "$@" || exit
case "$*" in *{log}*) printf '\\0' | dd of={log} bs=1 seek=21 conv=notrunc status=none ;; esac
"""


@pytest.fixture(scope="module")
def server(make_sandbox: MakeSandbox) -> Sandbox:
    """One whose log was shipped once, and that runs at the beginning of each test."""
    sandbox = make_sandbox()
    sandbox.sql(
        "CREATE TABLE product (id int PRIMARY KEY, name varchar(100)); CREATE TABLE plain (id int) ENGINE=Aria;"
    )
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("INSERT INTO product VALUES (20001, 'shipped');")
    sandbox.succeed("backup", strategy="transaction_log")
    return sandbox


@pytest.fixture
def dying(server: Sandbox) -> Iterator[Sandbox]:
    if not server.is_running():
        server.start()
    yield server


def products_beside(sandbox: Sandbox) -> list[str]:
    beside = sandbox.root / "beside"
    sandbox.succeed("restore", directory=str(beside))
    try:
        return sandbox.products(at=beside)
    finally:
        sandbox.succeed("restore", directory=str(beside), state="absent")


def log_of(sandbox: Sandbox) -> tuple[Path, str]:
    """The current file, and the last transaction."""
    name = sandbox.sql("SHOW MASTER STATUS").split("\t")[0]
    return sandbox.root / "log" / name, sandbox.sql("SELECT @@gtid_binlog_pos")


def ship(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.succeed("backup", strategy="transaction_log")


@pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
def test_the_last_transaction_is_known_to_be_whole_however_it_ends(dying: Sandbox, statement: str) -> None:
    dying.sql(statement)
    current, gtid = log_of(dying)
    content = read_content(current)
    assert (content.is_torn, gtids_text(content.ends_with)) == (False, gtid)
    assert content.end_offset == current.stat().st_size


def test_what_was_committed_last_is_shipped_without_the_server(dying: Sandbox) -> None:
    dying.sql("INSERT INTO product VALUES (20002, 'the newest');")
    current, gtid = log_of(dying)
    dying.stop(number=signal.SIGKILL)
    would = dying.succeed("backup", strategy="transaction_log", check=True)
    assert would["changed"] and would["log"] is None
    result = ship(dying)
    assert result["log"]["files"][-1] == current.name and result["log"]["until_gtid"] == gtid
    assert len(result["notes"]) == 1 and "No server works on" in result["notes"][0]
    assert "notes" not in result["log"]
    again = ship(dying)
    assert again["log"]["files"] == [] and again["log"]["until_gtid"] == gtid
    assert products_beside(dying)[-1] == "the newest"
    # What is written after it came back follows without a gap.
    dying.start()
    dying.sql("INSERT INTO product VALUES (20003, 'after the crash');")
    log = ship(dying)["log"]
    assert current.name not in log["files"] and log["gaps"] == []
    assert products_beside(dying)[-2:] == ["the newest", "after the crash"]


def test_a_transaction_that_was_cut_off_is_said_and_left_out(dying: Sandbox) -> None:
    dying.sql("INSERT INTO product VALUES (20004, 'whole');")
    dying.sql("INSERT INTO product VALUES (20005, 'cut off');")
    current, _gtid = log_of(dying)
    dying.stop(number=signal.SIGKILL)
    last = list(transactions(current))[-1]
    os.truncate(current, last.end - 5)
    result = ship(dying)
    assert f"{last.start} bytes of {last.end - 5} are whole" in result["notes"][1]
    assert result["log"]["lsn"] == f"{current.name}:{last.start}"
    assert products_beside(dying)[-1] == "whole"
    # The server counts on from there as well, so that its next file follows.
    dying.start()
    dying.sql("INSERT INTO product VALUES (20006, 'after the cut');")
    assert ship(dying)["log"]["gaps"] == []
    assert products_beside(dying)[-2:] == ["whole", "after the cut"]


def test_a_file_that_it_had_only_begun_is_left_out_and_said(dying: Sandbox) -> None:
    dying.sql("INSERT INTO product VALUES (20007, 'before the empty file');")
    current, gtid = log_of(dying)
    dying.stop(number=signal.SIGKILL)
    empty = current.with_name(f"mariadb-bin.{int(current.suffix[1:]) + 1:06}")
    index = current.with_name("mariadb-bin.index")
    listed = index.read_text()
    empty.touch()
    index.write_text(f"{listed}{empty}\n")
    result = ship(dying)
    assert result["log"]["files"] == [current.name] and result["log"]["until_gtid"] == gtid
    assert result["notes"][1] == f"{empty.name} was left out: nothing is in it"
    empty.unlink()
    assert empty.name in dying.fail("backup", "DR-PRE", strategy="transaction_log")["msg"]
    index.write_text(listed)


def test_a_server_that_comes_back_meanwhile_leaves_no_shipment_that_could_not_be_used(dying: Sandbox) -> None:
    dying.sql("INSERT INTO product VALUES (20008, 'read too late');")
    current, gtid = log_of(dying)
    dying.stop(number=signal.SIGKILL)
    before = dying.restic("snapshots", "--json")
    programs = dying.root / "restarting"
    programs.mkdir()
    (programs / "restic").write_text(RESTARTING.format(restic=shutil.which("restic"), log=current))
    (programs / "restic").chmod(0o755)
    interrupted = replace(dying, path=f"{programs}:{dying.path}")
    failed = interrupted.fail("backup", "DR-INT", strategy="transaction_log")
    assert "started meanwhile" in failed["msg"] and dying.restic("snapshots", "--json") == before
    assert ship(dying)["log"]["until_gtid"] == gtid
    assert products_beside(dying)[-1] == "read too late"


def test_a_server_that_only_does_not_answer_is_no_dead_one(dying: Sandbox) -> None:
    engine = {"mariadb": {**dying.options["engine"]["mariadb"], "socket": str(dying.root / "elsewhere.sock")}}
    failed = dying.fail("backup", "DR-PRE", strategy="transaction_log", engine=engine)
    assert "holds the data" in failed["msg"]
    dying.stop(number=signal.SIGKILL)
    assert "nothing answers" in dying.fail("backup", "DR-PRE", strategy="full")["msg"]
    nowhere = {"mariadb": {**engine["mariadb"], "data_directory": str(dying.root / "log")}}
    dying.fail("backup", "DR-INT", strategy="transaction_log", engine=nowhere)
