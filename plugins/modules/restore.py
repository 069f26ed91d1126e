#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore
short_description: Restore data, in place or beside, to a chosen moment
version_added: 1.0.0
description:
  - Chooses the newest undamaged backup from which the target can be reached, and refuses before anything is touched
    when the target lies outside of what can be recovered, in a gap of the transaction log, on two timelines, or when
    version, identity, room or directory do not fit.
  - With O(mode=in_place) the data is restored into a directory beside the live one and recovered to the target there,
    cut off from everything. Only when the server proved that it got there, and the copy is sound and answered
    O(checks), see O(prove), the directories change places, and the cluster starts. The former data is kept, see
    RV(kept), until somebody removes it.
  - With O(mode=beside) a copy is made at O(directory) and started there. It never archives; it listens on its own
    socket inside O(directory), and on 127.0.0.1 only with O(listen_on_localhost=true).
  - For O(engine.mariadb) the shipped binary log is replayed through a private server that nobody else reaches, up to
    the last transaction before the target, and that server's own count of transactions must be the one of the log. A
    copy writes no binary log, starts no replication and runs no events; its socket is C(mysqld.sock) inside
    O(directory), and O(port) is used only with O(listen_on_localhost=true). In place, the server is started by
    O(engine.mariadb.start_command) and has to accept writes, or else the former data comes back. What was not shipped
    is not replayed, so ship the log before, as long as the server lives.
  - With O(select.databases) or O(select.tables) nothing runs at O(directory) afterwards. It then holds one dump for
    each that was taken out of the recovered copy, see RV(extracted). A dump of MariaDB names no database and drops
    nothing, so loading one never replaces a table that is there.
  - For O(engine.postgresql_dump) the archive C(DATABASE.dump) and the roles C(globals.sql) lie at O(directory), for
    O(engine.postgresql_dump.user) only, after both were loaded into a private server there, which is gone afterwards.
    Nothing runs at O(directory), and O(mode=in_place) is refused. Loading them is yours to do, RV(notes) says how.
  - For O(engine.files) a copy lies at O(directory) as a tree with the whole paths of the host. In place, each path is
    staged beside itself, compared with the manifest of the backup, and changes places by rename only when it differs
    from what is there; RV(paths) says what became of each, RV(changes) which names were added, changed and removed.
    Either all paths change places or none. Paths that something writes to at the moment are refused.
  - Tablespaces of PostgreSQL go to a sibling of the data directory, whose name ends in C(.tablespaces-) and the run's
    identifier, and stay there; RV(notes) says so. Where they were before, nothing is changed or removed, by
    O(state=acknowledged) neither. A copy takes its own with it when it is removed.
  - A directory that is a mount point or a link, or that has something mounted inside of it, is refused, as is one for a
    copy inside of the live data. When another restore has put its data there meanwhile, that data stays, and this one
    fails with C(DR-LOCK).
  - It does not stop a running cluster, does not change traffic, and does not rebuild standbys.
  - When it fails, the live directory is what it was; what was restored so far is set apart in a sibling directory whose
    name ends in C(.quarantine-) and the run's identifier, and RV(data_state) says so.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
  - gogidix.disaster_recovery._restore
  - gogidix.disaster_recovery._restored_checks
attributes:
  check_mode:
    support: full
    details:
      - It reads the repository and does the whole preflight.
  idempotent:
    support: partial
    details:
      - With O(run_id), or beside to a target that has a value, a second call finds what the first one restored. Any
        other call restores again.
options:
  state:
    description:
      - Whether the data is to be there; V(absent) stops and removes a copy that was restored beside.
      - After a restore in place, V(reverted) makes the former data live again and sets apart what was restored,
        and V(acknowledged) removes the former data. With O(run_id) both look only at what that run restored, and change
        nothing when it restored nothing here. For O(engine.files), O(run_id) is needed.
    type: str
    choices: [present, absent, reverted, acknowledged]
    default: present
  mode:
    description: Whether the live data is replaced or a copy is made.
    type: str
    choices: [in_place, beside]
    default: beside
  directory:
    description:
      - Where the copy goes, needed with O(mode=beside). It is absent, empty, or holds an earlier copy of this module.
    type: path
  port:
    description: The port of the copy. The port of the cluster or server when not given.
    type: int
  listen_on_localhost:
    description: Whether the copy also listens on O(port) of 127.0.0.1.
    type: bool
    default: false
  confirm:
    description:
      - The system identifier of the database as the inventory has it, needed with O(mode=in_place). The backup and
        the live data must carry the same. For O(engine.files), the host that the files are of.
    type: str
  keep_running:
    description:
      - Whether the cluster or the copy runs afterwards. A PostgreSQL cluster in place that is not started finishes its
        recovery when somebody starts it, a MariaDB server has finished it before.
    type: bool
    default: true
  run_id:
    description: The run that this belongs to; it names the directories that are kept or set apart.
    type: str
seealso:
  - module: gogidix.disaster_recovery.backup_info
  - module: gogidix.disaster_recovery.backup_verify
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Restore the orders as they were a second before the accident, beside the live cluster
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    mode: beside
    directory: /var/lib/postgresql/15/beside
    port: 5433
    target:
      type: time
      value: "2026-01-02T08:59:59+00:00"

- name: Remove that copy
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    directory: /var/lib/postgresql/15/beside
    state: absent

- name: Bring one file of the configuration back, and nothing else
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_files.web_configuration.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    mode: in_place
    confirm: "{{ recovery_files.web_configuration.hosts.frankfurt }}"
    run_id: "{{ recovery_run_id }}"
    select:
      paths: [/etc/haproxy/haproxy.cfg]
  become: true

- name: Take one table of the shop out of its state before the accident, for the operator to load
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_databases.shop.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    directory: /var/lib/recovery/rescued
    keep_running: false
    target:
      type: log_position
      value: mariadb-bin.000007:1234
    select:
      tables: [shop.product]
  become: true

- name: Restore the whole cluster in place, up to the newest transaction
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    mode: in_place
    confirm: "{{ recovery_databases.orders.system_identifier }}"
    run_id: "{{ recovery_run_id }}"

- name: Take that back, as long as the former data is kept
  gogidix.disaster_recovery.restore:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    mode: in_place
    state: reverted
"""

RETURN = r"""
directory:
  description: Where the data is.
  returned: success
  type: str
  sample: /var/lib/postgresql/15/beside
socket_directory:
  description: Where its socket is, when it was restored beside and runs.
  returned: success
  type: str
  sample: /var/lib/postgresql/15/beside
port:
  description: The port of the cluster or the copy.
  returned: success
  type: int
  sample: 5433
target:
  description: The target, with a time in UTC.
  returned: success
  type: dict
  sample: {type: time, value: "2026-01-02T08:59:59Z"}
backup:
  description:
    - The record of the backup that it starts from, as in RV(gogidix.disaster_recovery.backup_info#module:backups).
    - Null when an earlier run restored it already.
  returned: success
  type: dict
  sample: {id: 20260102-030405F, strategy: full, age_seconds: 12.5, trust: {level: taken}}
reached:
  description:
    - Where the recovery ended, as the server proved it. C(at) is the time of the last transaction that was replayed,
      null when none was, C(by) what the server said when it stopped there, C(timeline) the one that it writes on now.
      C(log_position) is the place in the binary log of MariaDB, null for others.
    - Null in check mode.
  returned: success
  type: dict
  sample: {lsn: 0/8FFF2A0, at: "2026-01-02T08:59:58.812345Z", timeline: 2, log_position: null,
    by: "recovery stopping before commit of transaction 741, time 2026-01-02 08:59:59.012345+00"}
kept:
  description: Where the former data is kept; null when there was none. With several paths see RV(paths).
  returned: success
  type: str
  sample: /var/lib/postgresql/15/main.pre-20260102T090000
extracted:
  description:
    - What O(select.databases) and O(select.tables) named, as dumps in O(directory), of which nothing else is left. Each
      was read back. C(rows) are counted in the copy; null where that is not done.
  returned: success
  type: list
  elements: dict
  sample:
    - {part: storefront.public.orders, file: /var/lib/postgresql/15/beside/storefront.public.orders.dump,
       rows: 1042, tables: 1}
proof:
  description:
    - What else is proven of the restored copy, as far as O(prove) goes; null in check mode, and when an earlier version
      restored it.
  returned: success
  type: dict
  sample: {level: everything, structure: all tables and indexes are consistent, not_proven: [],
    pages: "2961 pages, all with the right checksum",
    checks: [{name: there are products, passed: true, observed: t, expected: t}]}
preflight:
  description:
    - Everything that was looked at beforehand, what was seen, and what is needed. Where C(passed) is false nothing is
      refused, but nobody could tell, or it may not go well, as with another order of text or a library that is missing.
  returned: success
  type: list
  elements: dict
  sample: [{check: space, passed: true, observed: 7516192768 bytes free, required: 25535328 bytes}]
paths:
  description: What became of each path that was put in place; empty for an engine of one directory.
  returned: success
  type: list
  elements: dict
  sample:
    - {path: /etc/haproxy, state: replaced, kept: /etc/haproxy.pre-20260102T090000}
    - {path: /etc/default/haproxy, state: unchanged, kept: null}
changes:
  description: The names that a restore of paths in place added, changed and removed, at most 1000 of each.
  returned: success
  type: dict
  sample: {added: [], changed: [/etc/haproxy/haproxy.cfg], removed: [/etc/haproxy/broken.cfg]}
notes:
  description: What an operator should know about what was restored, such as what could not be preserved.
  returned: success
  type: list
  elements: str
  sample: ["Not preserved: '/srv/shop/control.sock': a socket"]
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {stanza: orders, repository: vault, kept: null, left_over: []}
data_state:
  description: What the data is after a failure.
  returned: failure
  type: str
  sample: partial_quarantined
error_code:
  description:
    - What kind of failure it was, one of C(DR-INPUT), C(DR-WAL), C(DR-TL), C(DR-INT), C(DR-KEY), C(DR-SPACE),
      C(DR-REPO), C(DR-VER), C(DR-PRE), C(DR-LOCK).
  returned: failure
  type: str
  sample: DR-KEY
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import engine_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_options import (
    RESTORE_OPTIONS,
    restoration_of,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={**engine_spec(), **RESTORE_OPTIONS},
        required_if=[("state", "absent", ["directory"]), ("mode", "beside", ["directory"])],
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        run_subject(module, restoration_of(module.params), what="restore the data")


if __name__ == "__main__":
    main()
