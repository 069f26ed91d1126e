#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_copy
short_description: Copy backups to a second repository and prove that they are there
version_added: 1.0.0
description:
  - Copies the usable backups of one stanza from O(repository) to O(target), and fails unless every one of them is there
    as a whole afterwards. What is there already is not copied again.
  - Of O(engine.mariadb) the shipped binary log goes with its backups, so that a copy alone recovers to every moment
    that the original does. restic copies it, as it copies backups of O(engine.files).
  - For O(engine.postgresql) both repositories must be directories of this host, and the copy is an exact one of the
    whole stanza, with the same passphrase. pgBackRest itself copies no backups. For every other pair of repositories
    its way is to archive into both and to take backups into both. A target with backups of its own is refused.
  - With O(target.tape) the whole directory of O(repository) is written to the tape in the drive, with a manifest, and
    read back. Use nothing that writes to the repository meanwhile.
  - With O(repository.tape) it is the way back. The tape in the drive is read into the directory of O(target), compared
    with its manifest, and only then stands under its own name. That directory must be empty or not there. An empty one
    gives its owner and mode to what comes back. Whatever else is there is refused, unless it is what the tape holds.
  - A changer puts the tape into the drive, also in check mode, and is left as it was found.
  - Evidence about a backup says nothing about its copy. A copy begins at the trust level C(taken), or C(checked) with
    O(check). The evidence is kept under the name of O(target).
  - The plan C(copy_backups) calls it for every repository that has C(copy_of).
  - It removes nothing at the target. Use M(gogidix.disaster_recovery.backup_retention) for it.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
  - gogidix.disaster_recovery._copy_target
attributes:
  idempotent:
    support: full
options:
  target_configuration_file:
    description: The configuration of the backup tool for O(target), like O(configuration_file) for O(repository).
    type: path
  backups:
    description: The identifiers of the backups that must be there; all usable ones when not given.
    type: list
    elements: str
    default: []
  check:
    description: Also read every byte of the new copies where they lie, which is always done for a tape.
    type: bool
    default: true
  replaces_tape:
    description: The identifier of the copy that the tape in the drive holds, and that may be overwritten.
    type: str
seealso:
  - module: gogidix.disaster_recovery.backup
  - module: gogidix.disaster_recovery.backup_verify
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Have every backup of the papers at the second site as well
  gogidix.disaster_recovery.backup_copy:
    engine:
      files:
        stanza: papers.frankfurt
        paths: [/srv/papers]
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    target: "{{ recovery_repositories.offsite | combine({'name': 'offsite'}) }}"

- name: Copy the repository of the orders to a disk that is taken away
  gogidix.disaster_recovery.backup_copy:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    target:
      name: removable
      number: 1
      filesystem:
        path: /mnt/removable/pgbackrest
    target_configuration_file: /etc/pgbackrest/removable.conf
  become: true
  become_user: pgbackrest

- name: Write the repository to the tape in the drive
  gogidix.disaster_recovery.backup_copy:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    target:
      name: tape
      number: 9
      tape:
        device: /dev/nst0

- name: Have the repository back from the tape in the drive
  gogidix.disaster_recovery.backup_copy:
    engine: "{{ recovery_databases.orders.engine }}"
    repository:
      name: tape
      number: 9
      tape:
        device: /dev/nst0
    target: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
  become: true
"""

RETURN = r"""
copies:
  description:
    - The backups that were to be copied, oldest first, with the name that each has at the target.
    - Empty for what comes back from a tape. List it with M(gogidix.disaster_recovery.backup_info), which takes its key.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 20260102-030405F, copy: 20260102-030405F, stored_bytes: 2861360}
log:
  description:
    - The pieces of the log that belong with these backups, with the name that each has at the target. Empty where the
      log is no thing of its own, as with O(engine.postgresql), which copies its archive as a part of the whole.
  returned: success
  type: list
  elements: dict
  sample: []
missing:
  description: Those backups and pieces of log that are not at the target, which is possible in check mode only.
  returned: success
  type: list
  elements: str
  sample: []
newly_copied:
  description: The backups that this call has copied.
  returned: success
  type: list
  elements: str
  sample: [20260102-030405F]
tape:
  description: The copy on the tape. Null without a tape, and in check mode when it is not written yet.
  returned: success
  type: dict
  sample: {id: 20260102T040506Z-1f2e3d4c, files: 964, size_bytes: 2861360, read_back_at: "2026-01-02T04:06:00Z",
    holds: {orders: [{id: 20260102-030405F, stopped_at: "2026-01-02T03:04:11Z"}]}}
notes:
  description: What an operator should know.
  returned: success
  type: list
  elements: str
  sample: []
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {stanza: orders, source: vault, target: offsite, wanted: 3, there: 3, log: {wanted: 0, there: 0},
    newly_copied: [20260102-030405F]}
error_code:
  description:
    - What kind of failure it was.
    - One of C(DR-INT), C(DR-PRE), C(DR-SPACE), C(DR-KEY), C(DR-REPO), C(DR-AUTH), C(DR-LOCK), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-INT
"""

from contextlib import AbstractContextManager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copying import BackupCopying
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import (
    engine_spec,
    open_engine,
    open_ledger,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    repository_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._tape_copying import TapeCopying
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._tape_return import TapeReturn


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **engine_spec(),
            "target": repository_spec(),
            "target_configuration_file": {"type": "path"},
            "backups": {"type": "list", "elements": "str", "default": []},
            "check": {"type": "bool", "default": True},
            "replaces_tape": {"type": "str"},
        },
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        given = module.params
        run_subject(module, subject_of(given), what="copy backups", holding=tape_in_drive(given))


def tape_in_drive(given: dict[str, Any]) -> AbstractContextManager[None] | None:
    """What has to be around the work, where a tape is one of the two."""
    places = [open_repository(given[name]) for name in ("repository", "target")]
    tape = next((place for place in places if isinstance(place, TapeRepository)), None)
    return None if tape is None else tape.holding(Deadline(given["deadline"]))


def subject_of(given: dict[str, Any]) -> BackupCopying | TapeCopying | TapeReturn:
    """The second place of the backups, or the first one again."""
    there = {
        **given,
        "repository": given["target"],
        "configuration_file": given["target_configuration_file"],
        # What is known of an original says nothing about its copy.
        "known_elsewhere": {},
    }
    origin, place = open_repository(given["repository"]), open_repository(given["target"])
    if isinstance(origin, TapeRepository):
        return TapeReturn(origin, open_engine(there))
    source = open_engine(given)
    if isinstance(place, TapeRepository):
        return TapeCopying(source, place, replaces=given["replaces_tape"])
    target = open_engine(there)
    return BackupCopying(
        source,
        target,
        source_ledger=open_ledger(given, source),
        target_ledger=open_ledger(there, target),
        backups=given["backups"],
        check=given["check"],
    )


if __name__ == "__main__":
    main()
