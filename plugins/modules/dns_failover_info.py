#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_failover_info
short_description: Read DNS records at every authoritative server
version_added: 1.0.0
description:
  - Asks every authoritative server of a zone, at the same time and without any resolver in between, for some
    records, the serial of the zone and the active-site record, and says whether they agree.
  - A secondary that does not answer is listed, and is no failure; a primary that does not answer is one.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._dns
options:
  records:
    description:
      - The records to read.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The absolute name of the record, inside the zone.
        type: str
        required: true
      type:
        description: The type of the record.
        type: str
        choices: [A, AAAA, CNAME, TXT]
        default: A
  active_site_record:
    description:
      - The absolute name of the active-site record.
    type: str
seealso:
  - module: gogidix.disaster_recovery.dns_failover
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: See where the shop points
  gogidix.disaster_recovery.dns_failover_info:
    server: "{{ recovery_dns.server }}"
    records:
      - name: shop.storefront.example.
    active_site_record: _recovery.storefront.example.
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
records:
  description: The records as the primary has them; no values means that there is no such record.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: shop.storefront.example., type: A, ttl: 5, values: [198.51.100.31]}
active_site:
  description: What the active-site record says; null when there is none, or O(active_site_record) is not given.
  returned: success
  type: dict
  sample: {site: frankfurt, counter: 3}
serial:
  description: The serial of the zone at the primary.
  returned: success
  type: int
  sample: 2026010203
agree:
  description: Whether every server answered and shows what the primary shows.
  returned: success
  type: bool
  sample: true
worst_cache_seconds:
  description:
    - How long clients would keep these answers, were they changed now. The longest TTL of O(records) at any server.
  returned: success
  type: int
  sample: 5
servers:
  description: What every authoritative server says, in the order in which they are given.
  returned: success
  type: list
  elements: dict
  sample:
    - server: 192.0.2.12
      read: true
      agrees: true
      serial: 2026010203
      records:
        - {name: shop.storefront.example., type: A, ttl: 5, values: [198.51.100.31]}
      error: null
      seconds: 0.0012
not_read:
  description: The servers that did not answer.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._options import describe_zone, info_spec
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_observation


def main() -> None:
    module = AnsibleModule(argument_spec=info_spec(), supports_check_mode=True)
    run_observation(module, lambda: describe_zone(module.params))


if __name__ == "__main__":
    main()
