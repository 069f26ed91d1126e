#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_retention
short_description: Remove the backups that no policy wants any more
version_added: 1.0.0
description:
  - Keeps what O(policy) wants and removes the other backups of one stanza from one repository. In check mode it lists
    what would go.
  - Whatever the policy wants, it never removes the newest usable backup, the newest one that is proven, what a kept
    one needs to be restored, a member of a full-system set of which another member is kept, nor anything at all when
    no backup is usable. Proven means that this host has evidence of C(restored) or C(verified) for it.
  - Ages are counted from the newest usable backup, not from the clock, so that neither a wrong clock nor backups that
    no longer run empty a repository. Days, weeks, months and years are those of UTC.
  - A backup that cannot be used, an interrupted one for instance, counts for no rule. It goes when a usable one ended
    more than O(unfinished_after_seconds) later.
  - It fails when the store refuses to remove something, as an object lock does, and says what is kept anyway. What was
    removed until then is in RV(recovery).
  - It does not touch live data, nor evidence about backups.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
attributes:
  idempotent:
    support: full
options:
  policy:
    description:
      - What is wanted, O(repository.retention) when not given. A backup stays when any rule wants it.
      - At least one rule besides O(policy.minimum_proven) must be given a number.
    type: dict
    suboptions:
      keep_last:
        description: The newest backups, so many of them.
        type: int
      keep_days:
        description: The backups that ended within this many days before the newest one.
        type: int
      daily:
        description: The last backup of each day, of the newest days that have one, so many of them.
        type: int
      weekly:
        description: The same by week.
        type: int
      monthly:
        description: The same by month.
        type: int
      yearly:
        description: The same by year.
        type: int
      minimum_proven:
        description:
          - So many of the newest proven backups stay, whatever the other rules say. The newest always does.
          - V(1) when not given.
        type: int
  kept_sets:
    description:
      - The full-system sets of which another member is kept elsewhere, the RV(kept_sets) of other calls. Their members
        stay here as well.
      - For full-system sets, call this module in check mode for every member first, join what all of them returned with
        P(gogidix.disaster_recovery.kept_sets#filter), and give that to each call. The plan C(retention) does it.
    type: list
    elements: str
    default: []
  unfinished_after_seconds:
    description: By how much a usable backup must be newer for one that cannot be used to go.
    type: float
    default: 86400
seealso:
  - module: gogidix.disaster_recovery.backup_info
  - module: gogidix.disaster_recovery.backup_verify
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Keep a week, a month of Sundays and a year of months of the orders
  gogidix.disaster_recovery.backup_retention:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    policy:
      keep_days: 7
      weekly: 4
      monthly: 12
      minimum_proven: 2
  become: true
  become_user: pgbackrest

- name: See what would go by the policy of the repository
  gogidix.disaster_recovery.backup_retention:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
  check_mode: true
"""

RETURN = r"""
kept:
  description:
    - The backups that stay, oldest first, each with every reason for it, the full-system set that it is a part of, and
      the backups that it is not restored without.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 20260102-030405F, stopped_at: "2026-01-02T03:04:11Z", consistency_id: "", needs: [], trust: verified,
       reasons: ["the newest proven one", "minimum_proven: 1"]}
    - {id: 20260109-030405F, stopped_at: "2026-01-09T03:04:11Z", consistency_id: nightly-20260109, needs: [],
       trust: checked, reasons: ["keep_last: 1", "the newest usable one"]}
removed:
  description: The backups that are gone (in check mode, would go), with what each had stored for itself alone.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 20260101-030405F, stopped_at: "2026-01-01T03:04:11Z", consistency_id: "", needs: [], stored_bytes: 2861360}
kept_sets:
  description: The full-system sets of which a member is kept here.
  returned: success
  type: list
  elements: str
  sample: [nightly-20260109]
recovery:
  description: The evidence of this act, for the journal. After a failure, C(kept_anyway) is what could not be removed.
  returned: always
  type: dict
  sample: {stanza: orders, repository: vault, kept: [20260109-030405F], removed: [20260101-030405F]}
error_code:
  description:
    - What kind of failure it was.
    - One of C(DR-AUTH), C(DR-REPO), C(DR-LOCK), C(DR-PRE), C(DR-KEY), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-AUTH
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import (
    engine_spec,
    open_engine,
    open_ledger,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import RETENTION
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention import RetentionPolicy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention_applying import RetentionApplying


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **engine_spec(),
            "policy": {"type": "dict", "options": RETENTION},
            "kept_sets": {"type": "list", "elements": "str", "default": []},
            "unfinished_after_seconds": {"type": "float", "default": 86400},
        },
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        run_subject(module, subject_of(module.params), what="apply the retention policy")


def subject_of(given: dict[str, Any]) -> RetentionApplying:
    """The backups that are wanted."""
    policy = RetentionPolicy.of(given["policy"] or given["repository"]["retention"] or {})
    engine = open_engine(given)
    return RetentionApplying(
        engine,
        open_ledger(given, engine),
        policy,
        sets=given["kept_sets"],
        unfinished_after_seconds=given["unfinished_after_seconds"],
    )


if __name__ == "__main__":
    main()
