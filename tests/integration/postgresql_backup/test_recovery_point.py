# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role policy with a real log: one that stopped breaks the group's objective before anybody needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.postgresql import as_postgres

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline

ROOT = Path(__file__).parents[3]
OBJECTIVE_SECONDS = 3
PLAY = """
- hosts: localhost
  gather_facts: false
  roles: [gogidix.disaster_recovery.recovery]
  tasks:
    - name: Judge what was read
      ansible.builtin.import_role:
        name: gogidix.disaster_recovery.policy
        tasks_from: judge
        rolespec_validate: false
    - name: Say what was seen, as the report does
      ansible.builtin.debug:
        var: policy_judged.checks
"""


def judge(
    sandbox: Sandbox, directory: Path, *, has_key_id: bool = True, is_server_asked: bool = False, **policy: Any
) -> tuple[bool, str]:
    """Whether the plan policy would pass on what the repository holds now, and what it says in one line."""
    options = sandbox.options
    repository = {name: value for name, value in options["repository"].items() if name != "name"}
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "recovery_sites": {"here": {}},
        "recovery_objectives": {"rto_seconds": 30, "rpo_seconds": OBJECTIVE_SECONDS},
        "recovery_databases": {"orders": {"engine": options["engine"], "hosts": {"here": "localhost"}}},
        "recovery_repositories": {"local": {**repository, "key_id": "escrow-7"} if has_key_id else repository},
        "recovery_backup_policy": {"copies": 2, "media": 1, "offsite": 0, "immutable": 0, "errors": 1, **policy},
        "policy_read": {"results": [sandbox.succeed("backup_info")]},
    }
    if is_server_asked:
        variables["policy_asked"] = {"results": [sandbox.succeed("backup_info", ask_server=True)]}
    inventory = {"all": {"children": {"recovery_participants": {"hosts": {"localhost": variables}}}}}
    (directory / "hosts.json").write_text(json.dumps(inventory))
    (directory / "play.yml").write_text(PLAY.format(root=ROOT))
    finished = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.json", "play.yml"],
        cwd=directory,
        env={**os.environ, "ANSIBLE_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode == 0, " ".join((finished.stdout + finished.stderr).split())


def wait_seconds(sandbox: Sandbox, seconds: float) -> None:
    later = datetime.fromisoformat(sandbox.clock()) + timedelta(seconds=seconds)
    Deadline(seconds + 10).wait_until(
        f"{seconds} seconds pass",
        sandbox.clock,
        lambda now: datetime.fromisoformat(now) > later,
        next_action="Look at the clock",
    )


def test_a_log_that_stopped_breaks_the_objective_and_one_that_goes_on_keeps_it(
    make_sandbox: MakeSandbox, tmp_path: Path
) -> None:
    sandbox = make_sandbox()
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("ALTER SYSTEM SET archive_command = 'false'; SELECT pg_reload_conf();")
    sandbox.sql("CREATE TABLE product AS SELECT 1 AS id; SELECT pg_switch_wal();")
    wait_seconds(sandbox, OBJECTIVE_SECONDS + 1)
    is_kept, said = judge(sandbox, tmp_path, shipping_seconds=0)
    assert not is_kept and "the newest recovery point is " in said
    assert f"its objective, rpo_seconds, is {OBJECTIVE_SECONDS} s" in said
    # What is written by hand still counts more.
    is_kept, said = judge(sandbox, tmp_path, max_recovery_point_age_seconds=600)
    assert is_kept, said
    sandbox.sql("ALTER SYSTEM RESET archive_command; SELECT pg_reload_conf();")
    sandbox.succeed("backup", strategy="transaction_log")
    is_kept, said = judge(sandbox, tmp_path, shipping_seconds=0)
    assert is_kept, said
    is_kept, said = judge(sandbox, tmp_path, has_key_id=False)
    assert not is_kept and "no key_id says under which name its passphrase is escrowed" in said


def server(sandbox: Sandbox) -> dict[str, Any]:
    told: dict[str, Any] = sandbox.succeed("backup_info", ask_server=True)["server"]
    return told


def test_a_log_that_nobody_writes_keeps_the_objective_and_one_row_more_does_not(
    make_sandbox: MakeSandbox, tmp_path: Path
) -> None:
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product AS SELECT 1 AS id;")
    sandbox.succeed("backup", strategy="full")
    wait_seconds(sandbox, OBJECTIVE_SECONDS + 1)
    # What an idle server writes by itself, and when it is read, is no work: its log goes on, and nothing would be lost.
    stood = sandbox.sql("CHECKPOINT; SELECT pg_current_wal_insert_lsn();")
    sandbox.sql("SELECT count(*) FROM product;")
    assert sandbox.sql("SELECT pg_current_wal_insert_lsn();") != stood
    sandbox.sql("CHECKPOINT;")
    is_kept, said = judge(sandbox, tmp_path, shipping_seconds=0)
    assert not is_kept and "the newest recovery point is " in said
    is_kept, said = judge(sandbox, tmp_path, is_server_asked=True, shipping_seconds=0)
    assert is_kept, said
    assert " and is idle since " in said and "all of its log is in local, says its server on localhost" in said
    sandbox.sql("INSERT INTO product VALUES (2);")
    is_kept, said = judge(sandbox, tmp_path, is_server_asked=True, shipping_seconds=0)
    assert not is_kept and "its server on localhost: it has written since: " in said
    sandbox.sql("ALTER SYSTEM SET archive_command = 'false'; SELECT pg_reload_conf(); SELECT pg_switch_wal();")
    Deadline(30).wait_until(
        "the archiver fails",
        lambda: sandbox.sql("SELECT failed_count > 0 FROM pg_stat_archiver"),
        lambda said: said == "t",
        next_action="Look at the server's log",
    )
    is_kept, said = judge(sandbox, tmp_path, is_server_asked=True, shipping_seconds=0)
    assert not is_kept and "its server on localhost: its archiver fails, last with " in said
    sandbox.stop()
    is_kept, said = judge(sandbox, tmp_path, is_server_asked=True, shipping_seconds=0)
    assert not is_kept and "no server says that it writes it (localhost: Could not ask the server" in said


def test_every_kind_of_commit_is_seen_in_the_log_that_is_not_shipped(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    sandbox.sql("ALTER SYSTEM SET max_prepared_transactions = 2;")
    sandbox.stop()
    sandbox.start()
    sandbox.sql("CREATE TABLE product (id int); CREATE UNLOGGED TABLE basket (id int); CREATE SEQUENCE number;")
    sandbox.sql("BEGIN; INSERT INTO product VALUES (1); PREPARE TRANSACTION 'later';")
    sandbox.succeed("backup", strategy="full")
    assert server(sandbox)["all_shipped"] is True
    for commit in (
        # It takes no new number: it was given one before the backup.
        "COMMIT PREPARED 'later';",
        "SET synchronous_commit = off; INSERT INTO product VALUES (2);",
        "INSERT INTO basket VALUES (3);",
        "SELECT nextval('number');",
        "BEGIN; INSERT INTO product VALUES (4); PREPARE TRANSACTION 'much later';",
    ):
        sandbox.sql(commit)
        told = server(sandbox)
        assert told["state"] == "primary" and told["all_shipped"] is False, (commit, told)
        sandbox.succeed("backup", strategy="transaction_log")
        assert server(sandbox)["all_shipped"] is True, commit


def test_a_server_that_left_the_timeline_of_the_repository_proves_nothing_until_it_is_backed_up(
    make_sandbox: MakeSandbox,
) -> None:
    sandbox = make_sandbox()
    sandbox.succeed("backup", strategy="full")
    sandbox.stop()
    as_postgres("touch", str(sandbox.data / "standby.signal"))
    sandbox.start()
    standby = server(sandbox)
    assert (standby["state"], standby["all_shipped"]) == ("standby", None)
    sandbox.sql("ALTER SYSTEM SET archive_command = 'false'; SELECT pg_reload_conf();")
    sandbox.sql("SELECT pg_promote();")
    left = server(sandbox)
    assert (left["state"], left["all_shipped"]) == ("primary", None)
    assert left["observed"] == "it is on timeline 2, and the newest in the repository is 1"
    sandbox.sql("ALTER SYSTEM RESET archive_command; SELECT pg_reload_conf();")
    sandbox.succeed("backup", strategy="transaction_log")
    assert server(sandbox)["all_shipped"] is True
