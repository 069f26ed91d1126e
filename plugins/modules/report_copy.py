#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report_copy
short_description: Keep a copy of a run's journal and report on a host
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Writes the journal and the report of a run to a host in one go, so that the record outlives the controller.
  - It does not remove older records.
  - Files are replaced atomically; a failure leaves an older copy as it was.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
attributes:
  diff_mode:
    details:
      - The difference is given as checksums.
  idempotent:
    support: full
options:
  bundle:
    description:
      - The files, as M(gogidix.disaster_recovery.report) returned them.
    type: dict
    required: true
  directory:
    description: Where they are kept.
    type: path
    default: /var/log/disaster-recovery
"""

EXAMPLES = r"""
- name: Keep the record of this run here too
  gogidix.disaster_recovery.report_copy:
    bundle: "{{ hostvars['localhost'].made.bundle }}"
  become: true
"""

RETURN = r"""
files:
  description: The copies.
  returned: success
  type: list
  elements: str
  sample:
    - /var/log/disaster-recovery/20260102T030405Z-1a2b.jsonl
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.copying import files_of_bundle


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "bundle": {"type": "dict", "required": True},
            "directory": {"type": "path", "default": "/var/log/disaster-recovery"},
        },
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        files = files_of_bundle(module.params["bundle"], Path(module.params["directory"]))
    run_subject(module, files, what="keep a copy of the record")


if __name__ == "__main__":
    main()
