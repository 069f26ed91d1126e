#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_role
short_description: Make a database the primary or a standby
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - With O(role=primary) the standby of this host is promoted, and it is proven that it writes, on the next timeline,
    as the same system. Without a fence proof that is fresh and of this run, group and system it refuses.
  - With O(role=standby) the server of this host is made to follow O(upstream). It follows as it is when its log is
    part of the upstream's history; otherwise it is rewound, or cloned beside and swapped.
  - It does not fence the other side, and it moves no traffic.
  - When a promotion fails, the settings that were set aside for it are put back. When a rewind fails, the data
    directory is marked as unusable and only a clone will replace it. Data that a clone replaces is kept beside the
    data directory under the run's name.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._database
options:
  role:
    description: What the database is to be.
    type: str
    choices: [primary, standby]
    required: true
  confirm:
    description:
      - The system identifier of the database, from the inventory. Anything else is refused before anything is touched.
    type: str
    required: true
  run_id:
    description: The run that asks; a fence proof must be of the same.
    type: str
    required: true
  group:
    description: The protection group; a fence proof must be of the same.
    type: str
    required: true
  fence_proof:
    description: The proof that the other side cannot write, as M(gogidix.disaster_recovery.fence) returns it.
    type: dict
  accept_split_brain:
    description: The reason for promoting without a proof. It stands in the report.
    type: str
  upstream:
    description: Whom to follow. Needed for O(role=standby).
    type: dict
    suboptions:
      host:
        description: The address of the primary.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        default: 5432
      user:
        description: A role with the right to replicate, and for a rewind to read its files.
        type: str
        required: true
      password:
        description: Its password. It is written to a file beside the data directory that only the server can read.
        type: str
        required: true
      slot:
        description: The replication slot at the primary; it is made when it is missing.
        type: str
        required: true
  rejoin:
    description:
      - How to come back. V(auto) takes the lightest way that is safe.
      - A lighter way than the log allows is refused.
    type: str
    choices: [auto, follow, rewind, clone]
    default: auto
  deadline:
    description: How many seconds the whole may take.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Promote the standby of this host
  gogidix.disaster_recovery.database_role:
    engine: "{{ recovery_databases.orders.engine }}"
    role: primary
    confirm: "{{ recovery_databases.orders.system_identifier }}"
    fence_proof: "{{ fence.fence_proof }}"
    run_id: "{{ recovery_run_id }}"
    group: "{{ recovery_group }}"
  become: true
  become_user: postgres

- name: Let the former primary follow the new one
  gogidix.disaster_recovery.database_role:
    engine: "{{ recovery_databases.orders.engine }}"
    role: standby
    confirm: "{{ recovery_databases.orders.system_identifier }}"
    upstream:
      host: 192.0.2.11
      user: replicator
      password: "{{ vault_database_replicator_password }}"
      slot: fra_db1
    run_id: "{{ recovery_run_id }}"
    group: "{{ recovery_group }}"
    deadline: 600
  become: true
  become_user: postgres
"""

RETURN = r"""
database:
  description: The database afterwards; in check mode, as it would be.
  returned: success
  type: dict
  sample: {state: primary, system_identifier: "7300000000000000001", timeline: 2}
promotion:
  description: Measures of the promotion, empty when nothing was promoted.
  returned: when O(role=primary)
  type: dict
  sample: {promote_ms: 52.1, timeline: 2, lsn: 0/5000110, wrote: true}
rejoin:
  description: The way that was taken, why, and the proof of following; empty when nothing was done.
  returned: when O(role=standby)
  type: dict
  sample: {way: follow, reason: "the primary replayed its shutdown checkpoint at 0/5000028"}
recovery:
  description: The evidence for the journal, with the role before.
  returned: success
  type: dict
  sample: {before: {state: standby, timeline: 1}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import Upstream
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.registry import (
    database_argument_spec,
    database_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database_role import PrimaryRole, StandbyRole
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_subject

UPSTREAM = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5432},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "slot": {"type": "str", "required": True},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **database_argument_spec(),
            "role": {"type": "str", "choices": ["primary", "standby"], "required": True},
            "confirm": {"type": "str", "required": True},
            "run_id": {"type": "str", "required": True},
            "group": {"type": "str", "required": True},
            "fence_proof": {"type": "dict"},
            "accept_split_brain": {"type": "str"},
            "upstream": {"type": "dict", "options": UPSTREAM},
            "rejoin": {"type": "str", "choices": ["auto", "follow", "rewind", "clone"], "default": "auto"},
            "deadline": {"type": "float", "default": 60},
        },
        required_if=[("role", "standby", ["upstream"])],
        supports_check_mode=True,
    )
    run_subject(module, subject_of(module.params), what=f"make this database a {module.params['role']}")


def subject_of(given: dict[str, Any]) -> PrimaryRole | StandbyRole:
    """The subject for the role that is wanted."""
    database, deadline = database_of(given["engine"]), Deadline(given["deadline"])
    if given["role"] == "primary":
        return PrimaryRole(
            database=database,
            confirm=given["confirm"],
            run_id=given["run_id"],
            group=given["group"],
            fence_proof=given["fence_proof"],
            accept_split_brain=given["accept_split_brain"],
            deadline=deadline,
        )
    return StandbyRole(
        database=database,
        confirm=given["confirm"],
        run_id=given["run_id"],
        upstream=Upstream(**given["upstream"]),
        how=given["rejoin"],
        deadline=deadline,
    )


if __name__ == "__main__":
    main()
