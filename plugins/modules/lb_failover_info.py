#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lb_failover_info
short_description: Read where a load balancer or connection pooler sends traffic
version_added: 1.0.0
description:
  - Reads what a balancer on this host serves now, and what it would serve after a reload.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._balancer
seealso:
  - module: gogidix.disaster_recovery.lb_failover
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: See which application servers take traffic
  gogidix.disaster_recovery.lb_failover_info:
    balancer:
      haproxy:
        socket: /run/haproxy/admin.sock
        state_file: /var/lib/haproxy/server-state
        backends: [storefront]
  become: true
"""

RETURN = r"""
serving:
  description:
    - What is served. With C(haproxy) a list C(servers) of dictionaries and the number of C(old_workers), with
      C(pgbouncer) the C(entry), where it points (C(served)), where it would point after a reload (C(after_reload)), its
      C(state), and how many C(clients), C(clients_in_transaction) and C(server_connections) it has.
  returned: success
  type: dict
  sample:
    servers:
      - backend: storefront
        server: app1
        state: ready
        after_reload: ready
        up: true
        check: L7OK
        address: 198.51.100.21:8080
        sessions: 2
    old_workers: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.registry import balancer, info_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation


def main() -> None:
    module = AnsibleModule(argument_spec=info_spec(), supports_check_mode=True)
    run_observation(module, lambda: balancer(module.params).observe())


if __name__ == "__main__":
    main()
