#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_info
short_description: Describe a database as its own host sees it
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Says whether the database is a primary, a standby, down or absent, where its log stands, whom it follows and who
    follows it, and what its settings mean for recovery.
  - A running server is asked in one session; a stopped one is described from its files.
  - It asks only the local host, so it says nothing about whether other hosts agree.
  - Nothing is changed, whatever happens.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._database
"""

EXAMPLES = r"""
- name: Describe the database of this host
  gogidix.disaster_recovery.database_info:
    engine:
      postgresql:
        version: 15
        cluster: main
  become: true
  become_user: postgres
  register: standing
"""

RETURN = r"""
database:
  description:
    - The database. What only a running server knows is null when it is down, and times are UTC.
  returned: success
  type: dict
  contains:
    state:
      description: V(primary), V(standby), V(down) or V(absent).
      type: str
      returned: always
    system_identifier:
      description: The identity that all copies of one database share.
      type: str
      returned: always
    timeline:
      description: The timeline it writes, receives, or last saw.
      type: int
      returned: always
    lsn:
      description: How far a primary has written; the last checkpoint of a stopped one.
      type: str
      returned: always
    received_lsn:
      description: How far a standby has received.
      type: str
      returned: always
    replayed_lsn:
      description: How far a standby has replayed.
      type: str
      returned: always
    replayed_at:
      description: When the last replayed transaction was committed.
      type: str
      returned: always
    replay_paused:
      description: Whether somebody paused the replay.
      type: bool
      returned: always
    observed_at:
      description: The server's own clock at this observation.
      type: str
      returned: always
    next_transaction:
      description: The next transaction number, to count transactions between two servers.
      type: int
      returned: always
    receiver:
      description: C(status), C(upstream_host), C(upstream_port), C(slot), C(latest_end_lsn) and C(timeline), or null.
      type: dict
      returned: always
    senders:
      description: Who streams from this server.
      type: list
      elements: dict
      returned: always
    slots:
      description: Its replication slots.
      type: list
      elements: dict
      returned: always
    prepared_transactions:
      description: How many prepared transactions wait.
      type: int
      returned: always
    settings:
      description: The settings that matter for recovery; a password in C(primary_conninfo) is hidden.
      type: dict
      returned: always
    data_checksums:
      description: Whether pages carry checksums.
      type: bool
      returned: always
    wal_log_hints:
      description: Whether hint bits are logged.
      type: bool
      returned: always
    version:
      description: The version of the server, or of the data directory.
      type: str
      returned: always
    control:
      description: The control data of the data directory.
      type: dict
      returned: always
    signals:
      description: The files that make it start in recovery.
      type: list
      elements: str
      returned: always
    start_at_boot:
      description: V(auto), V(manual) or V(disabled).
      type: str
      returned: always
    rewind_unfinished:
      description: Whether a rewind was cut short, so that only a clone will do.
      type: bool
      returned: always
  sample:
    state: standby
    system_identifier: "7300000000000000001"
    timeline: 1
    received_lsn: 0/5000060
    replayed_lsn: 0/5000060
    receiver: {status: streaming, upstream_host: 192.0.2.11, slot: dub_db1}
    start_at_boot: manual
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.registry import (
    database_argument_spec,
    database_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation


def main() -> None:
    module = AnsibleModule(argument_spec=database_argument_spec(), supports_check_mode=True)

    def observe() -> dict[str, Any]:
        return {"database": database_of(module.params["engine"]).observe()}

    run_observation(module, observe)


if __name__ == "__main__":
    main()
