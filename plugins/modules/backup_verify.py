#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_verify
short_description: Give evidence that a backup can be used
version_added: 1.0.0
description:
  - Raises the trust in a backup step by step. C(checked) means that every file of it and its transaction log were read
    in the repository and carry the right checksum. C(restored) means that it was also restored into a scratch
    directory, started there, reached consistency, and that all its tables, indexes and pages are sound. C(verified)
    means that it also gave the right answers to O(checks).
  - For O(engine.files), C(checked) means that restic read every pack of the repository, C(restored) that the whole
    tree was written into a scratch directory, read back by restic and compared with the manifest that was taken from
    the source, by contents as well when it was taken with O(engine.files.manifest=hashes).
  - For O(engine.mariadb), C(checked) means that restic read every pack of the repository; files of the binary log that
    are damaged are named in the evidence. C(restored) means that the backup with its whole chain was unpacked and
    prepared, stands at the place in the log that its record says, that a private server started on it and found every
    table and index in order, and that every page of InnoDB carries the right checksum.
  - For O(engine.postgresql_dump), C(checked) means that restic read every pack of the repository, C(restored) that the
    roles and the dump were loaded into a private server without an error, that it has as many tables as the dump lists
    and their rows, and that all its tables and indexes are sound.
  - For a repository of the kind O(repository.repository_host), O(level=checked) works on the repository host only. The
    other levels work on a database host as well; there the trial restore itself reads every file.
  - The verdict of the tool is taken from what it says, never from its exit code.
  - A trial restore listens on no network, archives nothing, and is removed afterwards.
  - The evidence is kept in O(trust_directory) on this host. A backup that is found damaged is not used by
    M(gogidix.disaster_recovery.restore) any more; one that could not be verified falls back to C(taken).
  - With several backups each gets its turn, and the module fails at the end when one could not be verified. Those that
    lie in one repository are read at once.
  - It changes nothing in the repository.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
  - gogidix.disaster_recovery._restored_checks
attributes:
  idempotent:
    support: partial
    details:
      - With O(unless_proven=true) a second call finds the evidence of the first one. Without it every call looks again.
options:
  backup:
    description:
      - The identifier of the backup. The newest one when neither this, nor O(backups), nor O(sample) is given.
    type: str
  backups:
    description: The identifiers of several backups.
    type: list
    elements: str
  sample:
    description:
      - Which backups are looked at, by policy instead of by name. Those that are known to be damaged are left out, but
        for the newest, which is looked at again.
    type: dict
    suboptions:
      newest:
        description: So many of the newest ones.
        type: int
        default: 1
      oldest_unproven:
        description:
          - So many of those that have waited longest for evidence of O(level), the oldest without any first, and then
            those whose evidence is too old.
        type: int
        default: 1
      random_percent:
        description: This share of all of them, rounded up.
        type: int
        default: 0
      seed:
        description:
          - What decides the random share; the same seed draws the same. Today's date in UTC when not given.
        type: str
  level:
    description: How far the trust is to be raised; V(verified) needs O(checks).
    type: str
    choices: [checked, restored, verified]
    default: checked
  scratch_directory:
    description: Where trial restores are made, on a disk with room for the whole data.
    type: path
    default: /var/lib/recovery/scratch
  unless_proven:
    description:
      - Leave out the backups for which there is evidence for the level already, see O(max_evidence_age_seconds).
    type: bool
    default: false
  max_evidence_age_seconds:
    description:
      - Evidence that is older counts as none, for O(unless_proven) and for O(sample.oldest_unproven).
    type: float
seealso:
  - module: gogidix.disaster_recovery.backup_info
  - module: gogidix.disaster_recovery.restore
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Restore the newest configuration for a trial, and see that its web server would accept it
  gogidix.disaster_recovery.backup_verify:
    engine: "{{ recovery_files.web_configuration.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    level: verified
    checks:
      - name: The web server accepts it
        command: [sh, -c, 'haproxy -c -f "$RECOVERY_TREE/etc/haproxy/haproxy.cfg"']
      - name: It listens for the shop
        path: /etc/haproxy/haproxy.cfg
        pattern: '^frontend shop$'
  become: true

- name: Read the newest backup in the repository
  gogidix.disaster_recovery.backup_verify:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    level: checked

- name: Restore the newest backup for a trial and count the products
  gogidix.disaster_recovery.backup_verify:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    level: verified
    checks:
      - name: there are products
        query: SELECT count(*) > 0 FROM products
        expect: t

- name: Read the newest backup and the one that waits longest, a tenth of the others, and nothing twice in a week
  gogidix.disaster_recovery.backup_verify:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    sample:
      newest: 1
      oldest_unproven: 1
      random_percent: 10
    unless_proven: true
    max_evidence_age_seconds: 604800
"""

RETURN = r"""
backup:
  description:
    - The record of the backup with the evidence for it, as in
      RV(gogidix.disaster_recovery.backup_info#module:backups). With several it is that of the newest, without any null.
  returned: success
  type: dict
  sample:
    id: 20260102-030405F
    strategy: full
    trust: {level: checked, proven_at: "2026-01-02T03:10:00Z", levels: {checked: "2026-01-02T03:10:00Z"},
      evidence: {host: wit-store1, checked: {files_checked: 964, files_valid: 964, log_segments_checked: 6}}}
backups:
  description: The records of all backups that were selected, oldest first.
  returned: success
  type: list
  elements: dict
  sample: [{id: 20260102-030405F, strategy: full, proven_age_seconds: 0.2, trust: {level: checked}}]
looked_at:
  description: Those of them that were really looked at; for the others there was evidence.
  returned: success
  type: list
  elements: str
  sample: [20260102-030405F]
trust:
  description: The level of trust in RV(backup) (in check mode, as it would be if all is well).
  returned: success
  type: str
  sample: checked
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {stanza: orders, repository: vault, level: checked, looked_at: [20260102-030405F],
    backups: {20260102-030405F: {trust: checked, is_proven: true}}}
error_code:
  description:
    - What kind of failure it was.
    - One of C(DR-INT), C(DR-WAL), C(DR-KEY), C(DR-SPACE), C(DR-LOCK), C(DR-REPO), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-KEY
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import engine_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._verification_options import (
    VERIFICATION_OPTIONS,
    verification_of,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={**engine_spec(), **VERIFICATION_OPTIONS},
        mutually_exclusive=[("backup", "backups", "sample")],
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        run_subject(module, verification_of(module.params), what="verify the backup")


if __name__ == "__main__":
    main()
