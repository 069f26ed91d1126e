# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A MariaDB server to which nobody writes, one that has written, and one whose log nobody ships."""

from __future__ import annotations

from typing import Any

from tests.integration.mariadb_backup.conftest import MakeSandbox
from tests.integration.mariadb_backup.sandbox import STANZA, Sandbox
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_policy import BackupPolicy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Observation, Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

OBJECTIVE_SECONDS = 2
WANTED = {"copies": 2, "media": 1, "offsite": 0, "immutable": 0, "errors": 1, "shipping_seconds": 0}


def judged(sandbox: Sandbox) -> Observation:
    """What the policy says of the server now, asked as the role does."""
    told = sandbox.succeed("backup_info", ask_server=True)
    given: dict[str, Any] = {name: spec.get("default") for name, spec in BackupPolicy.OPTIONS.items()}
    given |= {"stanzas": [STANZA], "catalogues": [told], "servers": {"here": [told]}, **WANTED}
    return BackupPolicy({**given, "objectives": {STANZA: OBJECTIVE_SECONDS}}, Surroundings()).observe(Deadline(1))


def grow_old(sandbox: Sandbox) -> None:
    def is_old() -> bool:
        age = sandbox.succeed("backup_info")["newest_recovery_point"]["age_seconds"]
        return bool(age > OBJECTIVE_SECONDS)

    wait_until("the newest moment is older than the objective", is_old)


def test_a_server_to_which_nobody_writes_keeps_its_objective_and_one_row_more_does_not(
    make_sandbox: MakeSandbox,
) -> None:
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product (id int);")
    sandbox.succeed("backup", strategy="full")
    grow_old(sandbox)
    idle = judged(sandbox)
    assert idle.passed and "is idle since" in idle.observed, idle.observed
    sandbox.sql("INSERT INTO product VALUES (1);")
    written = judged(sandbox)
    assert not written.passed and "its server on here: it has written since: " in written.observed
    # Closed and left where it is: nobody ships it.
    sandbox.sql("FLUSH BINARY LOGS;")
    assert not judged(sandbox).passed
    sandbox.succeed("backup", strategy="transaction_log")
    # A restart closes a file as well, in which there is nothing.
    sandbox.stop()
    grow_old(sandbox)
    silent = judged(sandbox)
    assert not silent.passed and "no server says that it writes it (here: Could not ask the server" in silent.observed
    sandbox.start()
    assert judged(sandbox).passed
    sandbox.sql("XA START 'x'; INSERT INTO product VALUES (2); XA END 'x'; XA PREPARE 'x';")
    assert not judged(sandbox).passed
    sandbox.sql("XA COMMIT 'x';")
    sandbox.succeed("backup", strategy="transaction_log")
    grow_old(sandbox)
    assert judged(sandbox).passed
    sandbox.sql("RESET MASTER;")
    other = judged(sandbox)
    assert not other.passed and "any more, with which the repository's log ends" in other.observed
    sandbox.sql("SET GLOBAL read_only = 1;")
    assert "(here: it is read only)" in judged(sandbox).observed
