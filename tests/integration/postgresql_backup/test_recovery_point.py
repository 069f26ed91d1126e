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
"""


def judge(sandbox: Sandbox, directory: Path, *, has_key_id: bool = True, **policy: Any) -> tuple[bool, str]:
    """Whether the plan policy would pass on what the repository holds now, and what it says."""
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
    return finished.returncode == 0, finished.stdout + finished.stderr


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
