#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_trust
short_description: Read the evidence about backups that this host keeps, and join what others know into it
version_added: 1.0.0
description:
  - What M(gogidix.disaster_recovery.backup_verify) and the other modules find out about a backup is kept on the host
    that looked, in one ledger for each stanza and repository. This module reads ledgers, and joins what the ledgers of
    other hosts know into them, so that a proof or damage counts on every host.
  - Of each level the newest proof counts. A failure takes away what was proven before it, wherever that was. Damage
    speaks against a backup until a look after it goes well, wherever that was.
  - An entry is of a backup by its name and its contents, so that another backup that comes by the same name has nothing
    of it.
  - Run it as the user who owns the ledgers. Neither repositories nor live data are touched.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  ledgers:
    description: Which ledgers.
    type: list
    elements: dict
    required: true
    suboptions:
      stanza:
        description: The name under which the backups are kept.
        type: str
        required: true
      repository:
        description: The name of their repository.
        type: str
        required: true
      entries:
        description:
          - What other hosts know of these backups, as RV(ledgers[].entries) of theirs. Only read when there is none.
        type: dict
        default: {}
  trust_directory:
    description: Where evidence about backups is kept on this host.
    type: path
    default: /var/lib/recovery/trust
seealso:
  - module: gogidix.disaster_recovery.backup_verify
  - plugin: gogidix.disaster_recovery.trust_news
    plugin_type: filter
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: See what the repository's host knows of the orders
  gogidix.disaster_recovery.backup_trust:
    ledgers:
      - {stanza: orders, repository: vault}
  become: true
  become_user: pgbackrest
  delegate_to: wit-store1
  register: kept

- name: Let it count here as well
  gogidix.disaster_recovery.backup_trust:
    ledgers: "{{ kept.ledgers }}"
  become: true
  become_user: postgres
"""

RETURN = r"""
ledgers:
  description: What this host knows now (in check mode, what it would know), in the order in which it was asked.
  returned: success
  type: list
  elements: dict
  contains:
    stanza:
      description: The name under which the backups are kept.
      type: str
      returned: success
    repository:
      description: The name of their repository.
      type: str
      returned: success
    entries:
      description: What is known, by the identifiers of the backups.
      type: dict
      returned: success
  sample:
    - stanza: orders
      repository: vault
      entries:
        20260102-030405F: {identity: "7000000000000000001/20260102-030405F/0/2000100/2861360", level: checked,
          proven_at: "2026-01-02T03:10:00Z", levels: {checked: "2026-01-02T03:10:00Z"}, host: wit-store1, errors: [],
          evidence: {checked: {files_checked: 964, files_valid: 964}}, read_at: "2026-01-02T03:10:00Z", failed_at: null,
          damaged_at: null}
recovery:
  description: The evidence of this act, for the journal. Of which backups something new was learned.
  returned: always
  type: dict
  sample: {learned: {"orders in vault": [20260102-030405F]}}
error_code:
  description:
    - What kind of failure it was.
    - One of C(DR-PRE), C(DR-INT).
  returned: failure
  type: str
  sample: DR-PRE
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import understood
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust_sharing import TrustSharing

LEDGER = {
    "stanza": {"type": "str", "required": True},
    "repository": {"type": "str", "required": True},
    "entries": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "ledgers": {"type": "list", "elements": "dict", "required": True, "options": LEDGER},
            "trust_directory": {"type": "path", "default": "/var/lib/recovery/trust"},
        },
        supports_check_mode=True,
    )
    directory = Path(module.params["trust_directory"])
    with failing_cleanly(module):
        told = [
            (TrustLedger(directory, each["stanza"], each["repository"]), understood(each["entries"]))
            for each in module.params["ledgers"]
        ]
        run_subject(module, TrustSharing(told), what="join the evidence about backups")


if __name__ == "__main__":
    main()
