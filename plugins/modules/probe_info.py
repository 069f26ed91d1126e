#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: probe_info
short_description: Read the end of a client probe's record
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Returns the lines of the record since an instant, and as many before it as are needed to reach a good write,
    because an outage usually begins before the plan that ends it.
  - The record is read from its end, so its size does not matter.
  - It does not judge what the client saw; M(gogidix.disaster_recovery.report) does.
  - A record that is missing or cannot be read is an answer, not a failure.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  path:
    description:
      - The record, one JSON object per line with C(at) (seconds since the epoch), C(seconds), C(ok), C(id), C(kind),
        C(site) and C(error).
    type: path
    required: true
  since:
    description: The instant, in seconds since the epoch.
    type: float
    required: true
"""

EXAMPLES = r"""
- name: Read what the client saw during this run
  gogidix.disaster_recovery.probe_info:
    path: /var/lib/recovery-probe/record.jsonl
    since: "{{ lookup('ansible.builtin.env', 'RECOVERY_STARTED_AT') }}"
  register: seen
"""

RETURN = r"""
probe:
  description: The end of the record.
  returned: success
  type: dict
  contains:
    available:
      description: Whether the record could be read.
      type: bool
      returned: always
    why_not:
      description: Why it could not.
      type: str
      returned: always
    record:
      description: The lines, compressed, as O(gogidix.disaster_recovery.report#module:probe_lines) takes them.
      type: str
      returned: always
    lines:
      description: How many lines these are.
      type: int
      returned: always
    now:
      description: The clock of this host, in seconds since the epoch.
      type: float
      returned: always
  sample: {available: true, why_not: null, record: eJwDAAAAAAE=, lines: 420, now: 1795363183.2}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.probe_record import describe_record


def main() -> None:
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "since": {"type": "float", "required": True}},
        supports_check_mode=True,
    )
    run_observation(module, lambda: {"probe": describe_record(module.params["path"], module.params["since"])})


if __name__ == "__main__":
    main()
