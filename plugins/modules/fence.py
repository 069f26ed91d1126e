#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fence
short_description: Cut a site off from writing, and prove it
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Cuts a site off by its database service, by the paths to it, or by its power, and returns what was observed
    afterwards as a fence proof that a promotion accepts.
  - What is cut off already is observed again and proven again, without a change.
  - It promotes nothing. Releasing a fence gives back what the method took, and never starts a database.
  - When it fails, part of it may be in place; another call continues.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._fence
attributes:
  check_mode:
    support: full
    details:
      - In check mode RV(fence_proof.level) is 0 and RV(fence_proof.checked) is true.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  site:
    description: The site to be cut off.
    type: str
    required: true
  members:
    description: The hosts of the site; the power of each of them is read back.
    type: list
    elements: str
    default: []
  group:
    description: The protection group.
    type: str
    required: true
  run_id:
    description: The run that asks; the proof holds for it alone.
    type: str
    required: true
  system_identifier:
    description: The identity of the database, from the inventory. Needed for O(state=present).
    type: str
  timeline:
    description: The timeline that the site's database was on, if it is known.
    type: int
  valid_seconds:
    description: How long the proof holds.
    type: float
    default: 120
  state:
    description: Whether the site is to be cut off.
    type: str
    choices: [present, absent]
    default: present
  deadline:
    description: How many seconds the whole may take.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Switch the site off
  gogidix.disaster_recovery.fence:
    site: frankfurt
    members: [fra-db1, fra-app1, fra-proxy1]
    method:
      power:
        redfish:
          url: https://power.example.com
          user: recovery
          password: "{{ vault_power_password }}"
    group: "{{ recovery_group }}"
    run_id: "{{ recovery_run_id }}"
    system_identifier: "{{ recovery_databases.orders.system_identifier }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
fence_proof:
  description: The proof; null when a fence was released.
  returned: success
  type: dict
  contains:
    site:
      description: The site that is cut off.
      type: str
      returned: always
    level:
      description: V(3) the power is off, V(2) the service is down, V(1) the paths are cut, V(0) nothing is proven.
      type: int
      returned: always
    method:
      description: How it was cut off.
      type: str
      returned: always
    observed_at:
      description: When it was observed.
      type: str
      returned: always
    expires_at:
      description: Until when it holds.
      type: str
      returned: always
    run_id:
      description: The run it was made for.
      type: str
      returned: always
    group:
      description: The group it was made for.
      type: str
      returned: always
    system_identifier:
      description: The database it is about.
      type: str
      returned: always
    timeline:
      description: The timeline of that database, or null.
      type: int
      returned: always
    checked:
      description: Whether it was only rehearsed.
      type: bool
      returned: always
    evidence:
      description: What was observed.
      type: dict
      returned: always
  sample:
    site: frankfurt
    level: 3
    method: power
    observed_at: "2026-01-31T12:00:00.000Z"
    expires_at: "2026-01-31T12:02:00.000Z"
    checked: false
recovery:
  description: The evidence for the journal.
  returned: success
  type: dict
  sample: {before: {fenced: false}, observed: {fenced: true, power: {frankfurt: "Off"}}}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import Fence
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.registry import (
    method_argument_spec,
    method_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import Occasion
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_subject

SPECIFICATION = {
    "argument_spec": {
        **method_argument_spec(),
        "site": {"type": "str", "required": True},
        "members": {"type": "list", "elements": "str", "default": []},
        "group": {"type": "str", "required": True},
        "run_id": {"type": "str", "required": True},
        "system_identifier": {"type": "str"},
        "timeline": {"type": "int"},
        "valid_seconds": {"type": "float", "default": 120},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "deadline": {"type": "float", "default": 30},
    },
    "required_if": [("state", "present", ["system_identifier"])],
    "supports_check_mode": True,
}


def run(module: AnsibleModule) -> None:
    given = module.params
    try:
        method = method_of(given["method"], site=given["site"], members=given["members"])
    except RecoveryError as error:
        module.fail_json(**error.as_result())
    occasion = Occasion(
        site=given["site"],
        run_id=given["run_id"],
        group=given["group"],
        system_identifier=given["system_identifier"] or "",
        timeline=given["timeline"],
        valid_seconds=given["valid_seconds"],
    )
    subject = Fence(method, occasion, given["state"] == "present", Deadline(given["deadline"]))
    run_subject(module, subject, what=f"fence {given['site']}")


def main() -> None:
    run(AnsibleModule(**SPECIFICATION))


if __name__ == "__main__":
    main()
