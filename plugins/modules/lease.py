#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lease
short_description: Hold a protection group for one run
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Makes a file on the database host that only one run can hold, so that two runs never work on the same group.
  - The lease of another run is taken over only when that run's process is proven dead, that is, when it ran on
    this controller and its process is gone or the controller was started again since, or when O(break_reason) is given.
  - It releases only its own lease. It does not end the other run, and it does not expire by time.
  - When it fails, the lease stands as it was.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  group:
    description: The protection group.
    type: str
    required: true
  run_id:
    description: The run that asks.
    type: str
    required: true
  state:
    description: Whether the run is to hold the group.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description: Where the file lies on the database host.
    type: path
    default: /var/lib/recovery/lease
  break_reason:
    description: Why the lease of another run may be taken over without proof. It stands in the report.
    type: str
  holder:
    description:
      - The process on the controller that carries the run. The controller fills it in.
    type: dict
    suboptions:
      host:
        description: The controller.
        type: str
        required: true
      boot_id:
        description: The boot of the controller.
        type: str
        required: true
      namespace:
        description: The controller's process id namespace.
        type: str
        required: true
      pid:
        description: The process.
        type: int
        required: true
      pid_started:
        description: When the process started, in clock ticks since boot.
        type: int
        required: true
  break_run_id:
    description: Whose lease is proven stale. The controller fills it in.
    type: str
  break_proof:
    description: The proof. The controller fills it in.
    type: str
"""

EXAMPLES = r"""
- name: Hold the group
  gogidix.disaster_recovery.lease:
    group: "{{ recovery_group }}"
    run_id: "{{ recovery_run_id }}"
  become: true
  become_user: postgres

- name: Let the group go
  gogidix.disaster_recovery.lease:
    group: "{{ recovery_group }}"
    run_id: "{{ recovery_run_id }}"
    state: absent
  become: true
  become_user: postgres
"""

RETURN = r"""
lease:
  description: Who holds the group.
  returned: success
  type: dict
  sample: {held: true, run_id: "20260131T120000Z-1a2b", host: controller, pid: 4711, at: "2026-01-31T12:00:00.000Z"}
recovery:
  description: The evidence for the journal; C(broken) names the lease that was taken over, and the proof.
  returned: success
  type: dict
  sample: {before: {held: false, run_id: null}, broken: null}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lease import Lease
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_subject

HOLDER = {
    "host": {"type": "str", "required": True},
    "boot_id": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "pid": {"type": "int", "required": True},
    "pid_started": {"type": "int", "required": True},
}

# Called without the controller's part: nobody can prove such a holder dead.
NOBODY = {"host": "unknown", "boot_id": "unknown", "namespace": "unknown", "pid": 0, "pid_started": 0}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "required": True},
            "run_id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "directory": {"type": "path", "default": "/var/lib/recovery/lease"},
            "break_reason": {"type": "str"},
            "holder": {"type": "dict", "options": HOLDER},
            "break_run_id": {"type": "str"},
            "break_proof": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    reason = given["break_reason"]
    subject = Lease(
        directory=Path(given["directory"]),
        group=given["group"],
        run_id=given["run_id"],
        wanted=given["state"],
        holder=given["holder"] or NOBODY,
        break_run_id=given["break_run_id"],
        break_proof=f"accepted: {reason}" if reason else given["break_proof"],
    )
    run_subject(module, subject, what=f"hold the group {given['group']}")


if __name__ == "__main__":
    main()
