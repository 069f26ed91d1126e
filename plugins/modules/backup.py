#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup
short_description: Take a backup and see that it can be used
version_added: 1.0.0
description:
  - Takes a full, differential or incremental backup, reads it back from the repository, compares it with the
    others, and sees that the transaction log it needs has arrived. Only then it counts as taken.
  - With O(strategy=transaction_log) the current piece of the transaction log is closed and awaited in the repository.
  - A differential or incremental backup whose chain is missing or damaged becomes a full one, and RV(notes) says so.
  - For a repository of the kind O(repository.repository_host) pgBackRest takes backups on the repository host only;
    the transaction log is always shipped from the host of the primary. The module says where to run when it is on the
    wrong one.
  - For O(engine.files) the source is looked at before and after it is read. What changed in between is told in
    RV(notes), and the record says that it is not consistent. It is a backup only when its record was completed, after
    everything else.
  - Every backup of files can be restored alone. V(full) reads every file again, V(incremental) and V(differential)
    read what changed since the newest and since the newest full one; what is stored is only what the repository did
    not have, with every strategy. V(snapshot) reads from a frozen view of the file system.
  - For O(engine.mariadb) the data is streamed into the repository, and it is a backup only when C(mariadb-backup) said
    that it is complete, restic took all of it, and its record was written after that. The transaction log is the binary
    log, of which every closed file is shipped that the repository lacks. The server must keep its files longer than
    it takes until the next call. When no server works on the data, by its lock, every file that the log's index names
    is shipped to its last whole transaction; RV(notes) says so, and when a crash had cut one off. A server that does
    not answer and still holds the lock is an error.
  - For O(engine.postgresql_dump) the dump is streamed into the repository and read back from there whole by
    C(pg_restore), which has to find the rows of as many tables as C(pg_dump) wrote. Only then its record is written.
  - It does not configure anything and does not remove old backups beyond what the tool's own configuration says.
  - When it fails, what was in the repository before is as it was, and an unfinished backup is never listed.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
attributes:
  idempotent:
    support: partial
    details:
      - With O(unless_newer_than_seconds) a second call finds the first one's backup. Without it every call takes one.
options:
  strategy:
    description: What is taken.
    type: str
    choices: [full, differential, incremental, transaction_log, snapshot]
    default: incremental
  log_segment:
    description:
      - With O(strategy=transaction_log), a piece of the log that was closed before, for instance by a call for another
        repository. It is awaited, and none is closed. For O(engine.mariadb) it is shipped when it is not there, with
        all that were closed before it.
    type: str
  unless_newer_than_seconds:
    description:
      - Take none when there is a usable one of at least this strategy that ended within this many seconds.
    type: float
  minimum_percent_of_median:
    description:
      - A backup that holds less than this share of what the others usually hold is C(shrunk), V(0) accepts any.
    type: int
    default: 50
  maximum_percent_of_median:
    description:
      - A backup that holds more than this share of what the others usually hold is C(grown), V(0) accepts any.
    type: int
    default: 300
  maximum_entropy_percent:
    description:
      - A backup has a jump in C(entropy) when a byte of it takes more room in the repository than this share of what is
        usual, and a quarter of a byte at least, for it cannot be compressed as the others can. Data that somebody else
        encrypted looks so, as does noise. V(0) accepts any.
      - It is a hint, no proof. Where restic keeps the backups, only what is new takes room, so it tells that much is
        new, and only after three backups of which two found little that was new.
    type: int
    default: 200
  anomalies:
    description:
      - What becomes of a backup that is unlike the others. V(error) fails the module, and the backup counts as damaged
        until it is verified. V(note) says so in RV(notes).
    type: dict
    default: {}
    suboptions:
      empty:
        description: It holds nothing.
        type: str
        choices: [error, note, ignore]
        default: error
      shrunk:
        description: It holds less than O(minimum_percent_of_median).
        type: str
        choices: [error, note, ignore]
        default: error
      grown:
        description: It holds more than O(maximum_percent_of_median).
        type: str
        choices: [error, note, ignore]
        default: note
      entropy:
        description: It can be compressed far less than usual, see O(maximum_entropy_percent).
        type: str
        choices: [error, note, ignore]
        default: note
  consistency_id:
    description:
      - The set of backups that this one is taken for, as the state of a whole system at one time. It stands in the
        backup's record.
    type: str
    default: ""
  check:
    description: Also read the backup in the repository, which raises it to the trust level C(checked).
    type: bool
    default: false
seealso:
  - module: gogidix.disaster_recovery.backup_info
  - module: gogidix.disaster_recovery.backup_verify
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Take a full backup of the orders
  gogidix.disaster_recovery.backup:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    strategy: full
  become: true
  become_user: pgbackrest

- name: Have a backup that is not older than a day
  gogidix.disaster_recovery.backup:
    engine:
      postgresql:
        version: 15
        stanza: orders
    repository:
      name: local
      number: 1
      filesystem:
        path: /var/lib/pgbackrest
    unless_newer_than_seconds: 86400

- name: Back up the shop's uploads from a snapshot of their file system
  gogidix.disaster_recovery.backup:
    engine:
      files:
        stanza: uploads
        paths: [/srv/shop/uploads]
        snapshot:
          btrfs: {}
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    strategy: snapshot
  become: true

- name: Ship the end of the binary log of a server that does not start any more, before anything else is done there
  gogidix.disaster_recovery.backup:
    engine:
      mariadb:
        version: "10.11"
        stanza: ledger
        binary_log: /var/log/mysql/mariadb-bin
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    strategy: transaction_log
  become: true
  become_user: mysql

- name: Ship the transaction log up to this moment
  gogidix.disaster_recovery.backup:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    strategy: transaction_log
"""

RETURN = r"""
backup:
  description:
    - The record of the backup, or of the one that was new enough, as in
      RV(gogidix.disaster_recovery.backup_info#module:backups).
    - Null in check mode when one would be taken, and with O(strategy=transaction_log).
  returned: success
  type: dict
  sample: {id: 20260102-030405F, strategy: full, age_seconds: 12.5, trust: {level: taken}}
log:
  description:
    - The piece of the transaction log that was shipped, and the newest gap-free window that it lies in.
    - For O(engine.mariadb), C(lsn) is the position of its end, C(files) are the files that were shipped now,
      C(from_gtid) and C(until_gtid) the transactions before and at the end of them, and C(gaps) names the files between
      which something is missing in the repository, because the server removed it before it was shipped.
  returned: success
  type: dict
  sample: {segment: "000000010000000000000009", lsn: 0/9000188, timeline: 1,
    stored_as: "000000010000000000000009-cafe.zst",
    window: {timeline: 1, backups: [20260102-030405F], from_at: "2026-01-02T03:04:11Z",
     until_at: "2026-01-02T09:00:00Z",
     from_lsn: 0/5000100, until_lsn: 0/9000000}}
notes:
  description: What an operator should know, such as a full backup that was taken instead of an incremental one.
  returned: success
  type: list
  elements: str
  sample: [There is no full backup to build on so a full one is taken instead of incremental]
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {stanza: orders, repository: vault, backup: 20260102-030405F, tool_seconds: 11.4, notes: []}
error_code:
  description:
    - What kind of failure it was.
    - C(DR-KEY), C(DR-SPACE), C(DR-INT),
      C(DR-REPO), C(DR-WAL), C(DR-LOCK), C(DR-PRE), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-KEY
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._anomaly import REACTIONS, AnomalyRules
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_taking import (
    BackupTaking,
    LogAwaiting,
    LogShipping,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import STRATEGIES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import (
    engine_spec,
    open_engine,
    open_ledger,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject

ANOMALIES = {
    kind: {"type": "str", "choices": list(REACTIONS), "default": reaction} for kind, reaction in AnomalyRules.reactions
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **engine_spec(),
            "strategy": {"type": "str", "choices": list(STRATEGIES), "default": "incremental"},
            "log_segment": {"type": "str"},
            "unless_newer_than_seconds": {"type": "float"},
            "minimum_percent_of_median": {"type": "int", "default": AnomalyRules.minimum_percent},
            "maximum_percent_of_median": {"type": "int", "default": AnomalyRules.maximum_percent},
            "maximum_entropy_percent": {"type": "int", "default": AnomalyRules.maximum_entropy_percent},
            "anomalies": {"type": "dict", "options": ANOMALIES, "default": {}},
            "consistency_id": {"type": "str", "default": ""},
            "check": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        run_subject(module, subject_of(module.params), what="take a backup")


def subject_of(given: dict[str, Any]) -> BackupTaking | LogShipping:
    """The subject for the strategy that is wanted."""
    engine = open_engine(given)
    engine.consistency_id = given["consistency_id"]
    if given["strategy"] == "transaction_log":
        return LogAwaiting(engine, given["log_segment"]) if given["log_segment"] else LogShipping(engine)
    return BackupTaking(
        engine,
        open_ledger(given, engine),
        given["strategy"],
        unless_newer_than_seconds=given["unless_newer_than_seconds"],
        rules=AnomalyRules(
            given["minimum_percent_of_median"],
            given["maximum_percent_of_median"],
            given["maximum_entropy_percent"],
            tuple(given["anomalies"].items()),
        ),
        check=given["check"],
    )


if __name__ == "__main__":
    main()
