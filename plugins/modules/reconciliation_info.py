#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reconciliation_info
short_description: Compare acknowledged orders with those in a database
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Takes the orders that a client probe was promised, asks the database for the ids it has, and says which are missing.
  - The query runs read-only, on the host of the database, with the rights of the user that runs the module.
  - It does not look for orders that were never acknowledged.
  - A database that cannot be asked is an answer (RV(reconciliation.why_not)), not a failure; nothing counts as 0 then.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._database
options:
  query:
    description:
      - A query whose first column are the ids, as text. It runs in the database that O(engine) names.
      - V(%s) in it stands for the earliest time that matters.
    type: str
    required: true
  probe_lines:
    description: The probe's record, as M(gogidix.disaster_recovery.probe_info) returned it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Count the orders that were acknowledged and are missing
  gogidix.disaster_recovery.reconciliation_info:
    engine:
      postgresql:
        version: 15
        database: storefront
    query: SELECT id::text FROM orders WHERE taken_at >= %s
    probe_lines: "{{ seen.probe.record }}"
  become: true
  become_user: postgres
  register: compared
"""

RETURN = r"""
reconciliation:
  description: The comparison. Without an answer of the database all figures are null.
  returned: success
  type: dict
  contains:
    acknowledged:
      description: Orders that the client was promised.
      type: int
      returned: always
    present:
      description: How many of them the database has.
      type: int
      returned: always
    lost:
      description: How many it does not have.
      type: int
      returned: always
    lost_ids:
      description: The first twenty of those.
      type: list
      elements: str
      returned: always
    lost_seconds:
      description:
        - The time from the last acknowledged order that survived before the loss to the last one that was lost.
      type: float
      returned: always
    why_not:
      description: Why nothing could be compared.
      type: str
      returned: always
  sample: {acknowledged: 2300, present: 2300, lost: 0, lost_ids: [], lost_seconds: 0.0, why_not: null}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.registry import (
    database_argument_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.comparing import describe_loss


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **database_argument_spec(),
            "query": {"type": "str", "required": True},
            "probe_lines": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    asked = module.params
    run_observation(
        module,
        lambda: {"reconciliation": describe_loss(asked["engine"], asked["query"], asked["probe_lines"])},
    )


if __name__ == "__main__":
    main()
