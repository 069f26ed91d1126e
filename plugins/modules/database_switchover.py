#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_switchover
short_description: Move the writing of databases to their standbys without losing or refusing a request
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - The whole critical section of a planned move in one call. The poolers hold their clients, the old primaries are
    stopped cleanly, the standbys replay the last record, are promoted, and the poolers let their clients go on there.
  - It runs on the controller. It speaks to both databases and to the poolers' consoles directly, and to the hosts of
    the old primaries and of the poolers over Ansible's own connections; everything is opened before the pause.
  - All pairs stop first; promotion starts only when every one of them has caught up.
  - Before the pause a dead-man is left on every host that it touches. If the controller dies, it finds out which
    database writes and gives the traffic back there.
  - It does not make the old primary a standby, and it moves no names or balancers. The old primary stays down, with its
    start at boot disabled, and can come up as a standby only.
  - When anything fails before the promotion is ordered, everything is put back and the error says so
    (C(data_state=old_live)). After that order there is no way back, and errors say C(data_state=new_live).
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  pairs:
    description:
      - The databases, each with C(name), C(engine) (as for M(gogidix.disaster_recovery.database_info)),
        C(system_identifier) from the inventory, and C(source) and C(target), each with C(host) (the name in the
        inventory), C(address), C(port) and C(site).
    type: list
    elements: dict
    required: true
  poolers:
    description:
      - The poolers before them, each with C(host) (the name in the inventory), C(address), C(database) (the name of its
        pair) and C(pgbouncer) with C(port), C(admin_user), C(admin_password), C(databases_file) and C(entry).
    type: list
    elements: dict
    default: []
  login:
    description:
      - The role that asks and promotes. It needs C(pg_monitor), C(pg_checkpoint), the right to execute C(pg_promote)
        and C(pg_reload_conf), and C(ALTER SYSTEM) on C(restore_command) and C(wal_retrieve_retry_interval).
      - With C(REPLICATION) it also keeps the log that the old primary will need, by a slot on the new one. Without it
        C(notes) in RV(recovery) says that there is none.
    type: dict
    required: true
    suboptions:
      user:
        description: Its name.
        type: str
        required: true
      password:
        description: Its password.
        type: str
        required: true
  run_id:
    description: The run that asks.
    type: str
    required: true
  group:
    description: The protection group.
    type: str
    required: true
  deadline:
    description:
      - How many seconds the clients may be held. When they are over, no promotion is possible any more, and two seconds
        later the dead-man gives the traffic back.
    type: float
    default: 5
  valid_seconds:
    description: How long the fence proofs hold.
    type: float
    default: 600
  database_user:
    description: Who owns the data directories.
    type: str
    default: postgres
  pooler_user:
    description: Who may write the poolers' databases files.
    type: str
    default: root
requirements:
  - psycopg2 on the controller, on the hosts of the old primaries and on those of the poolers
"""

EXAMPLES = r"""
- name: Switch every database over in one critical section
  gogidix.disaster_recovery.database_switchover:
    pairs:
      - name: orders
        engine: "{{ recovery_databases.orders.engine }}"
        system_identifier: "{{ recovery_databases.orders.system_identifier }}"
        source: {host: fra-db1, address: 192.0.2.11, port: 5432, site: frankfurt}
        target: {host: dub-db1, address: 192.0.2.21, port: 5432, site: dublin}
    poolers:
      - host: fra-proxy1
        address: 192.0.2.31
        database: orders
        pgbouncer: "{{ recovery_poolers.storefront.pgbouncer }}"
    login:
      user: recovery
      password: "{{ recovery_database_roles.recovery }}"
    group: "{{ recovery_group }}"
    run_id: "{{ recovery_run_id }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
fence_proofs:
  description: By the name of the pair, the proof that its old primary cannot write.
  returned: success
  type: dict
  sample: {orders: {site: frankfurt, level: 2, method: switchover}}
pause_ms:
  description: How long the clients were held; null when nothing was switched.
  returned: success
  type: float
  sample: 151.2
promote_ms:
  description: How long the promotion took; null when nothing was switched.
  returned: success
  type: float
  sample: 61.5
recovery:
  description: The evidence for the journal, with both sides before and the time that each step took.
  returned: success
  type: dict
  sample: {before: {}, after: {}, steps: [{step: pause, ms: 6.1, ok: true}], notes: []}
"""
