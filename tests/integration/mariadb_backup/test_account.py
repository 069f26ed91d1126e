# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account that backups are taken with, and what it need not be allowed."""

from __future__ import annotations

from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import as_mysql

ACCOUNT = """
CREATE USER recovery@localhost IDENTIFIED BY 'example-only-password';
GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO recovery@localhost;
"""
CREDENTIALS = "[client]\nuser=recovery\npassword=example-only-password\n"


def test_the_documented_rights_suffice_for_backups_the_log_and_a_restore_in_place(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int PRIMARY KEY, name text);" + ACCOUNT)
    file = sandbox.root / "recovery.cnf"
    as_mysql("tee", str(file), stdin=CREDENTIALS)
    engine = {"mariadb": {**sandbox.options["engine"]["mariadb"], "defaults_file": str(file)}}
    full = sandbox.succeed("backup", strategy="full", engine=engine)["backup"]
    # Transactions of two replication domains count apart.
    sandbox.sql("SET SESSION gtid_domain_id = 5; INSERT INTO product VALUES (20001, 'of another domain');")
    log = sandbox.succeed("backup", strategy="transaction_log", engine=engine)["log"]
    assert log["until_gtid"].endswith("5-7-1")
    sandbox.stop()
    given = {"engine": engine, "mode": "in_place", "confirm": full["system_identifier"]}
    result = sandbox.succeed("restore", **given)
    assert sandbox.products() == ["of another domain"] and result["reached"]["by"].endswith(log["until_gtid"])
    # A second time from a backup that nothing happened after: there is a log, and not one transaction in it.
    sandbox.succeed("backup", strategy="full", engine=engine)
    sandbox.succeed("backup", strategy="transaction_log", engine=engine)
    sandbox.stop()
    assert sandbox.succeed("restore", **given)["reached"]["timeline"] == 3
    assert sandbox.products() == ["of another domain"]
