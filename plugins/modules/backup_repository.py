#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_repository
short_description: Begin a repository of backups, see whether it is healthy, and change its keys
version_added: 1.0.0
description:
  - Works on a repository itself, not on the backups in it. Which tool keeps it follows from O(engine), restic for
    files, MariaDB and dumps of PostgreSQL, pgBackRest for PostgreSQL otherwise.
  - With O(state=present) it begins a repository in an empty place. It refuses a place that holds anything else, and a
    place that this host knows to have held a repository that is not there any more, or is another one now.
  - With O(state=healthy) it does once whatever a tool needs of the place, which is to list, write, read back and
    delete, and looks at room, speed, certificate, age and locks. Each is a result by its own name. What could not be
    looked at counts as failed. It writes nothing but one small object, which it removes again.
  - With O(state=rotated) it lets another passphrase open the repository, sees that it does, and only then takes an old
    one away. The passphrase of a pgBackRest repository can never be changed. The error says what to do instead.
  - With O(state=escrow_proven) it opens the repository with a passphrase that was fetched from its escrow, and writes
    nothing. It is the drill for the day on which everybody has lost the key.
  - With O(state=brought_back) what was in a bucket at a moment and was removed or written over since is there again,
    out of the versions that the bucket keeps. A mark of removal is taken away, and of what was written over the older
    version is put on top. No version goes, and what is newer than that moment stays. O(repository.s3) only.
  - It does not remove a repository, nor any backup.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
attributes:
  check_mode:
    support: full
    details:
      - With O(state=healthy) and O(state=escrow_proven) it does the same in check mode.
options:
  state:
    description: What is wanted of the repository.
    type: str
    choices: [present, healthy, rotated, escrow_proven, brought_back]
    default: present
  accept_new_repository:
    description: Why a place that this host knows as another repository may be used. It stands in the report.
    type: str
    default: ""
  new_passphrase:
    description:
      - Needed for O(state=rotated). The configuration on the hosts is left as it is. Put the passphrase into the
        inventory and run the role C(protect) before the old one is taken away.
    type: str
  old_passphrase:
    description:
      - The passphrase that is to open the repository no more. Without it nothing is taken away.
      - The one that the configuration of this host uses is refused.
    type: str
  escrowed_passphrase:
    description: Needed for O(state=escrow_proven).
    type: str
  as_of:
    description: With O(state=brought_back), the moment before the loss, at which no backup ran. It names its zone.
    type: str
  confirm:
    description: The name of the repository, without which nothing is brought back. Not needed in check mode.
    type: str
  minimum_free_bytes:
    description:
      - With O(state=healthy), how much room there must be. A place that cannot be asked fails when this is given.
    type: int
    default: 0
  maximum_latency_seconds:
    description: With O(state=healthy), how long the slowest act may take.
    type: float
    default: 5
  maximum_age_seconds:
    description:
      - With O(state=healthy), how old the newest thing that the tool wrote may be. Not looked at when not given.
    type: float
  minimum_certificate_days:
    description: With O(state=healthy), for how many days the certificate of the place must be valid.
    type: float
    default: 7
  memory_directory:
    description: Where this host remembers which repository it has seen.
    type: path
    default: /var/lib/recovery/repositories
seealso:
  - module: gogidix.disaster_recovery.backup
  - module: gogidix.disaster_recovery.backup_info
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Begin the repository
  gogidix.disaster_recovery.backup_repository:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.offsite | combine({'name': 'offsite'}) }}"

- name: See whether it would take the next backup
  gogidix.disaster_recovery.backup_repository:
    state: healthy
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.offsite | combine({'name': 'offsite'}) }}"
    maximum_age_seconds: 90000

- name: Open it with what the escrow gave back
  gogidix.disaster_recovery.backup_repository:
    state: escrow_proven
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.offsite | combine({'name': 'offsite'}) }}"
    escrowed_passphrase: "{{ recovery_escrowed_passphrase }}"

- name: Undo what an attacker did to the bucket
  gogidix.disaster_recovery.backup_repository:
    state: brought_back
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.offsite | combine({'name': 'offsite'}) }}"
    as_of: "2026-01-02T03:00:00Z"
    confirm: offsite
"""

RETURN = r"""
identity:
  description: Which repository it is, by its tool's own name for it; in check mode null for one that is not begun.
  returned: with O(state=present), O(state=escrow_proven) and O(state=brought_back)
  type: str
  sample: 5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e
keys:
  description: How many passphrases open it.
  returned: with O(state=rotated)
  type: int
  sample: 2
escrow:
  description: The proof that the escrowed passphrase opens it.
  returned: with O(state=escrow_proven)
  type: dict
  sample: {repository: offsite, identity: 5ca1ab1e, key_id: escrow-7, opened_at: "2026-01-02T03:10:00Z"}
lost:
  description: How many objects were removed or written over since that moment.
  returned: with O(state=brought_back)
  type: int
  sample: 1024
brought_back:
  description: How many of them are there again; none in check mode.
  returned: with O(state=brought_back)
  type: int
  sample: 1024
checks:
  description: What was looked at, in that order; also on a failure.
  returned: with O(state=healthy)
  type: list
  elements: dict
  sample:
    - {check: write, passed: false, observed: answered 403 AccessDenied, required: a new object is accepted}
latency_seconds:
  description: How long the slowest act took; null when none could be done without the tool.
  returned: with O(state=healthy)
  type: float
  sample: 0.031
newest_object_at:
  description: When the tool last wrote something there; null when that is not known.
  returned: with O(state=healthy)
  type: str
  sample: "2026-01-02T03:04:11Z"
protection:
  description: Versions and locks, as the place itself tells them; null for what was not observed.
  returned: with O(state=healthy)
  type: dict
  sample: {versioning: true, object_lock: true, mode: COMPLIANCE, retention_days: 30, immutable: true,
    observed: "versioning: Enabled, object lock: Enabled COMPLIANCE 30"}
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {repository: offsite, identity: 5ca1ab1e, accepted_new: null, before: {begun: false, known_here: false}}
error_code:
  description:
    - What kind of failure it was, with O(state=healthy) that of the first check that failed.
    - One of C(DR-KEY), C(DR-REPO), C(DR-AUTH), C(DR-TLS), C(DR-SPACE), C(DR-PRE), C(DR-VER), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-AUTH
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import engine_spec, open_engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    RecoveryError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import (
    failing_cleanly,
    run_observation,
    run_subject,
    run_verdict,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_beginning import (
    Memory,
    RepositoryBeginning,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_health import Examination, Limits
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_keys import (
    KeyRotation,
    prove_escrow,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_return import RepositoryReturn

STATES = ["present", "healthy", "rotated", "escrow_proven", "brought_back"]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **engine_spec(),
            "state": {"type": "str", "choices": STATES, "default": "present"},
            "accept_new_repository": {"type": "str", "default": ""},
            "new_passphrase": {"type": "str", "no_log": True},
            "old_passphrase": {"type": "str", "no_log": True},
            "escrowed_passphrase": {"type": "str", "no_log": True},
            "as_of": {"type": "str"},
            "confirm": {"type": "str"},
            "minimum_free_bytes": {"type": "int", "default": 0},
            "maximum_latency_seconds": {"type": "float", "default": 5},
            "maximum_age_seconds": {"type": "float"},
            "minimum_certificate_days": {"type": "float", "default": 7},
            "memory_directory": {"type": "path", "default": "/var/lib/recovery/repositories"},
        },
        required_if=[
            ["state", "rotated", ["new_passphrase"]],
            ["state", "escrow_proven", ["escrowed_passphrase"]],
            ["state", "brought_back", ["as_of"]],
        ],
        supports_check_mode=True,
    )
    given = module.params
    with failing_cleanly(module):
        engine = open_engine(given)
        tool = engine.open_repository_tool()
        file = Path(given["memory_directory"]) / f"{tool.memory_name}.json"
        acts = {
            "present": lambda: run_subject(
                module,
                RepositoryBeginning(tool, Memory(file), accept_new=given["accept_new_repository"]),
                what="begin the repository",
            ),
            "healthy": lambda: run_verdict(module, lambda _is_check_mode: judge(tool, given)),
            "rotated": lambda: run_subject(
                module,
                KeyRotation(tool, new=given["new_passphrase"], old=given["old_passphrase"]),
                what="change the keys of the repository",
            ),
            "escrow_proven": lambda: run_observation(module, lambda: prove_escrow(tool, given["escrowed_passphrase"])),
            "brought_back": lambda: run_subject(
                module,
                RepositoryReturn(tool, at=parse_instant(given["as_of"], option="as_of"), confirm=given["confirm"]),
                what="bring the repository back",
            ),
        }
        acts[given["state"]]()


def judge(tool: RepositoryTool, given: dict[str, Any]) -> tuple[dict[str, Any], RecoveryError | None]:
    """The health of the repository, and what it fails with."""
    limits = Limits(
        given["minimum_free_bytes"],
        given["maximum_latency_seconds"],
        given["maximum_age_seconds"],
        given["minimum_certificate_days"],
    )
    if limits.maximum_latency_seconds <= 0:
        raise InputError(
            "read the option maximum_latency_seconds", cause="it is not above zero", next_action="Give it some seconds"
        )
    repository = tool.repository
    health = Examination(tool, limits).run()
    results = {**health.as_result(), "recovery": {"repository": repository.name, **health.as_result()}}
    if health.is_healthy:
        return results, None
    failed = [f"{each.check}: {each.observed}" for each in health.findings if not each.passed]
    first = health.errors[0] if health.errors else None
    return results, RepositoryError(
        f"rely on {repository}",
        cause="; ".join(failed),
        next_action=first.next_action if first else "See which check failed and what it requires",
        code=first.error_code if first else None,
    )


if __name__ == "__main__":
    main()
