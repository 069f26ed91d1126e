#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lb_failover
short_description: Tell a load balancer or connection pooler where traffic goes
version_added: 1.0.0
description:
  - With C(haproxy) it takes servers of HAProxy into or out of service, lets their sessions end, ends those that do not,
    and writes the server state file, so that a reload keeps the decision.
  - With C(pgbouncer) it points an entry of PgBouncer at another database host, or holds and resumes its traffic.
  - It runs on the host of the balancer and speaks to its local socket or console. It reads back what it changed.
  - It does not change the configuration of HAProxy, and nothing of PgBouncer but the entry in its databases file.
  - When it fails, servers of HAProxy may already be out of service; traffic held in PgBouncer by this call was resumed.
    RV(recovery.before) says how it was.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._balancer.failover
options: {}
seealso:
  - module: gogidix.disaster_recovery.lb_failover_info
  - module: gogidix.disaster_recovery.database_switchover
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Take the application servers of this site out of service
  gogidix.disaster_recovery.lb_failover:
    balancer:
      haproxy:
        socket: /run/haproxy/admin.sock
        state_file: /var/lib/haproxy/server-state
        configuration_file: /etc/haproxy/haproxy.cfg
        backends: [storefront]
        state: maint
        drain_seconds: 3
  become: true

- name: Point the pooler at the database in Dublin
  gogidix.disaster_recovery.lb_failover:
    balancer:
      pgbouncer:
        admin_user: recovery
        admin_password: "{{ vault_pooler_admin_password }}"
        databases_file: /etc/pgbouncer/databases.ini
        entry: storefront
        database_host: 203.0.113.11
  become: true
"""

RETURN = r"""
serving:
  description:
    - What is served afterwards (in check mode, what would be). With C(haproxy) a list C(servers) of dictionaries, with
      C(pgbouncer) the C(entry), where it points (C(served)), where it would point after a reload (C(after_reload)),
      and its C(state).
  returned: success
  type: dict
  sample:
    entry: storefront
    served: {host: 203.0.113.11, port: 5432, database: storefront}
    after_reload: {host: 203.0.113.11, port: 5432, database: storefront}
    state: active
sessions_shut:
  description: How many sessions were ended because they had not left in time; with C(haproxy).
  returned: success, with haproxy
  type: int
  sample: 0
recovery:
  description: The evidence of this act.
  returned: always
  type: dict
  contains:
    before:
      description: What was served before, for an undo.
      returned: success
      type: dict
      sample: {served: {host: 198.51.100.11, port: 5432, database: storefront}, state: active}
    after:
      description: What is served afterwards.
      returned: success
      type: dict
      sample: {served: {host: 203.0.113.11, port: 5432, database: storefront}, state: active}
    in_the_way:
      description: The sessions that kept a pause from being reached.
      returned: when a pause failed
      type: list
      elements: dict
      sample: [{address: "198.51.100.21:40312", application: report, user: storefront, linked: true}]
error_code:
  description: What kind of failure it was, such as C(DR-LB), C(DR-POOL), C(DR-DEADLINE) or C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-POOL
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.registry import (
    balancer,
    failover_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject


def main() -> None:
    module = AnsibleModule(argument_spec=failover_spec(), supports_check_mode=True)
    with failing_cleanly(module):
        run_subject(module, balancer(module.params), what="change what the balancer serves")


if __name__ == "__main__":
    main()
