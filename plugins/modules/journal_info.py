#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: journal_info
short_description: Read what a run did from its journal
version_added: 1.0.0
description:
  - Finds the journal of a run, or of the last run of a protection group that began a step, and says which steps it
    began and whether the group had moved. The plan C(undo) starts from this.
  - The last run is never one in check mode, nor one that was refused before its first step.
  - Runs where the journals are, which is the controller.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  directory:
    description:
      - The directory that the callback P(gogidix.disaster_recovery.recovery_journal#callback) writes to.
    type: path
    required: true
  run:
    description:
      - The id of the run, or V(last).
    type: str
    default: last
  group:
    description:
      - The protection group, when O(run=last).
    type: str
    required: true
  plans:
    description:
      - The plans that count, when O(run=last).
    type: list
    elements: str
    default: [failover, failback, restore, restore_system]
  except_run:
    description:
      - The run that asks, which is never the answer.
    type: str
    default: ""
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: See what the last failover did
  gogidix.disaster_recovery.journal_info:
    directory: /var/log/disaster-recovery
    group: storefront
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
run:
  description:
    - The run. C(restores) is what a run of the plan C(restore) was asked to restore, with C(name), C(state), C(mode)
      and the variables it was C(asked) with; empty for any other.
  returned: success
  type: dict
  sample:
    run_id: 20260102T030405Z-1a2b
    plan: failover
    mode: planned
    source: frankfurt
    target: dublin
    status: parked
    moved: false
    begun_steps: [lease, readiness, application]
    restores: {}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.finding import (
    UNDONE_PLANS,
    describe_run,
    find_run,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "run": {"type": "str", "default": "last"},
            "group": {"type": "str", "required": True},
            "plans": {"type": "list", "elements": "str", "default": list(UNDONE_PLANS)},
            "except_run": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    wanted = module.params

    def observe() -> dict[str, Any]:
        run = find_run(
            Path(wanted["directory"]),
            wanted["run"],
            group=wanted["group"],
            plans=wanted["plans"],
            except_run=wanted["except_run"],
        )
        return {"run": describe_run(run)}

    run_observation(module, observe)


if __name__ == "__main__":
    main()
