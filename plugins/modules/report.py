#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Report on a run from its journal and from what its client saw
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Folds the journal of a run, a client probe's record and the comparison of acknowledged and present orders into one
    report. It is written as JSON and as a page that needs no other file, and is returned as a summary of a few lines.
  - What was not measured is reported as not measured, never as 0, and a run is verified only when it succeeded, every
    check passed and every objective was met by measurement.
  - With O(runs) it joins the reports of several runs into one.
  - It does not fetch anything and does not contact any other host.
  - Files are replaced atomically, so a failure leaves an older report as it was.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
attributes:
  diff_mode:
    details:
      - The difference is given as checksums.
  idempotent:
    support: full
    details:
      - The report depends on the journal, so it changes with it.
options:
  journal:
    description:
      - The journal of the run. Without it, the environment variable E(RECOVERY_JOURNAL).
    type: path
  probe_record:
    description: A client probe's record, as a file on this host.
    type: path
  probe_lines:
    description:
      - The same, as M(gogidix.disaster_recovery.probe_info) returned it. It wins over O(probe_record).
    type: str
  reconciliation:
    description: What M(gogidix.disaster_recovery.reconciliation_info) returned.
    type: dict
  runs:
    description:
      - The JSON files of earlier reports, to be joined. All options that tell of one run are left aside then.
    type: list
    elements: path
  title:
    description: The title of a report that joins several.
    type: str
    default: Recovery report
  directory:
    description: Where the report is written.
    type: path
    required: true
  name:
    description:
      - The name of the files, without extension. Without it, the id of the run, or V(report) with O(runs).
    type: str
"""

EXAMPLES = r"""
- name: Report on this run
  gogidix.disaster_recovery.report:
    journal: "{{ lookup('ansible.builtin.env', 'RECOVERY_JOURNAL') }}"
    probe_lines: "{{ seen.probe.record }}"
    directory: /var/log/disaster-recovery
  register: made

- name: Join the reports of a drill
  gogidix.disaster_recovery.report:
    runs:
      - /var/log/disaster-recovery/20260102T030405Z-1a2b.json
      - /var/log/disaster-recovery/20260102T030905Z-3c4d.json
    title: The drill of January
    directory: /var/log/disaster-recovery
    name: drill
"""

RETURN = r"""
report:
  description: The report without its long parts; all of it is in RV(json_path).
  returned: success
  type: dict
  sample:
    run_id: 20260102T030405Z-1a2b
    plan: failover
    mode: planned
    status: succeeded
    verdict: verified
    wall_seconds: 18.0
    rto: {objective_seconds: 30, achieved_seconds: 0.325, text: no write failed}
text:
  description: The report for a terminal, at most 20 lines.
  returned: success
  type: list
  elements: str
  sample:
    - status  succeeded, verified
json_path:
  description: Where the report is, as JSON.
  returned: success
  type: str
  sample: /var/log/disaster-recovery/20260102T030405Z-1a2b.json
html_path:
  description: Where the report is, as a page.
  returned: success
  type: str
  sample: /var/log/disaster-recovery/20260102T030405Z-1a2b.html
bundle:
  description: Journal and report, compressed, as M(gogidix.disaster_recovery.report_copy) takes them.
  returned: success
  type: dict
  sample: {20260102T030405Z-1a2b.jsonl: eJwDAAAAAAE=}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.making import files_of_options

SPECIFICATION = {
    "argument_spec": {
        "journal": {"type": "path", "fallback": (env_fallback, ["RECOVERY_JOURNAL"])},
        "probe_record": {"type": "path"},
        "probe_lines": {"type": "str"},
        "reconciliation": {"type": "dict"},
        "runs": {"type": "list", "elements": "path"},
        "title": {"type": "str", "default": "Recovery report"},
        "directory": {"type": "path", "required": True},
        "name": {"type": "str"},
    },
    "supports_check_mode": True,
}


def run(module: AnsibleModule) -> None:
    with failing_cleanly(module):
        files = files_of_options(module.params)
    run_subject(module, files, what="write the report")


def main() -> None:
    run(AnsibleModule(**SPECIFICATION))


if __name__ == "__main__":
    main()
