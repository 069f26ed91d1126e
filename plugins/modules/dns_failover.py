#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_failover
short_description: Point DNS records at a site
version_added: 1.0.0
description:
  - Changes all given records and the active-site record in one update, which is done as a whole or not at all.
  - The update is a compare-and-set. It carries as prerequisites the values that the module saw before, so a change
    that somebody else makes in between is never overwritten; the error shows both values.
  - After that, every authoritative server is read until it shows the new records.
  - It does not wait until the former answers have left the caches of resolvers; it returns how long that takes at
    most.
  - When it fails before the update was sent, or the update is refused, the records are as they were. When a server
    does not follow in time (error code C(DR-DNS-STALE)), the primary has the new records already; giving
    RV(recovery.before) as O(records) puts the former ones back.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._dns
options:
  records:
    description:
      - The records as they should be.
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
      ttl:
        description: How many seconds a resolver may keep the answer.
        type: int
        required: true
      values:
        description:
          - All values of the record; no values means that there is to be no such record.
          - The value of a C(TXT) record is its plain text.
        type: list
        elements: str
        required: true
      expect:
        description:
          - The values that must stand before the change. Any other fails with the error code C(DR-DNS-PREREQ),
            unless the record is already as wanted.
          - Without it, what the module reads first is expected.
        type: list
        elements: str
  active_site:
    description:
      - The active-site record, a C(TXT) record of the form C(site=<key> counter=<number>). The counter is raised by
        one whenever the site changes, in the same update as O(records).
    type: dict
    suboptions:
      name:
        description: The absolute name of the active-site record.
        type: str
        required: true
      site:
        description: The key of the site that is active from now on.
        type: str
        required: true
      expect_site:
        description: The key of the site that the record must name until then.
        type: str
      ttl:
        description: How many seconds a resolver may keep the answer.
        type: int
        default: 5
  unreachable_accepted:
    description:
      - Addresses of secondaries that are known to be lost, for instance those of a site that has burnt down. When
        they do not answer they are listed in RV(not_read) instead of failing the module. When they do answer they
        must agree.
    type: list
    elements: str
    default: []
  deadline_seconds:
    description:
      - How long all servers together may take to show the new records.
    type: float
    default: 10
seealso:
  - module: gogidix.disaster_recovery.dns_failover_info
  - module: gogidix.disaster_recovery.validate
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Point the shop at Dublin
  gogidix.disaster_recovery.dns_failover:
    server:
      rfc2136:
        zone: storefront.example.
        primary: 192.0.2.12
        authoritative: [192.0.2.12, 198.51.100.31, 203.0.113.31]
        key_name: recovery-key.
        key_secret: "{{ vault_dns_key_secret }}"
    records:
      - name: shop.storefront.example.
        type: A
        ttl: 5
        values: [203.0.113.31]
        expect: [198.51.100.31]
    active_site:
      name: _recovery.storefront.example.
      site: dublin
      expect_site: frankfurt
  delegate_to: localhost
  run_once: true

- name: Point the shop at Dublin while the name server in Frankfurt is lost
  gogidix.disaster_recovery.dns_failover:
    server: "{{ recovery_dns.server }}"
    records:
      - name: shop.storefront.example.
        ttl: 5
        values: [203.0.113.31]
    unreachable_accepted: [198.51.100.31]
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
records:
  description: Every given record and the active-site record, before and after (in check mode, as they would be).
  returned: success
  type: list
  elements: dict
  sample:
    - name: shop.storefront.example.
      type: A
      changed: true
      before: {ttl: 5, values: [198.51.100.31]}
      after: {ttl: 5, values: [203.0.113.31]}
active_site:
  description: What the active-site record says afterwards; null when O(active_site) is not given.
  returned: success
  type: dict
  sample: {site: dublin, counter: 4}
worst_cache_seconds:
  description:
    - How long a client may still be given the former answer by a resolver, counted from the end of the module. The
      longest TTL of the changed O(records) at any server before the change, 0 when none of them changed.
  returned: success
  type: int
  sample: 5
cache_expires_at:
  description: When the last resolver has forgotten the former answer, in UTC.
  returned: success
  type: str
  sample: "2026-01-02T03:04:05.678901Z"
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
        - {name: shop.storefront.example., type: A, ttl: 5, values: [203.0.113.31]}
      error: null
      seconds: 0.0012
not_read:
  description: The servers of O(unreachable_accepted) that did not answer. Nothing is known of what they tell clients.
  returned: success
  type: list
  elements: str
  sample: [198.51.100.31]
recovery:
  description:
    - The evidence of this act. C(before) holds the former records in the form of O(records), so that giving them
      back undoes the change.
  returned: always
  type: dict
  contains:
    before:
      description: The records before the change.
      returned: success
      type: dict
      sample: {records: [{name: shop.storefront.example., type: A, ttl: 5, values: [198.51.100.31]}]}
    after:
      description: The records after the change.
      returned: success
      type: dict
      sample: {records: [{name: shop.storefront.example., type: A, ttl: 5, values: [203.0.113.31]}]}
error_code:
  description:
    - What kind of failure it was. C(DR-DNS-REFUSED), C(DR-DNS-BADKEY), C(DR-DNS-BADSIG), C(DR-DNS-BADTIME),
      C(DR-DNS-PREREQ), C(DR-DNS-STALE), C(DR-DNS-NOTAUTH), C(DR-DNS-SERVFAIL), C(DR-DNS-UNREACHABLE), or C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-DNS-PREREQ
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._options import (
    failover_spec,
    records_to_point,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject

SPECIFICATION = {"argument_spec": failover_spec(), "supports_check_mode": True}


def run(module: AnsibleModule) -> None:
    with failing_cleanly(module):
        run_subject(module, records_to_point(module.params), what="point the records at the site")


def main() -> None:
    run(AnsibleModule(**SPECIFICATION))


if __name__ == "__main__":
    main()
