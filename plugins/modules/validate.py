#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate
short_description: Prove by observation that a stack serves
version_added: 1.0.0
description:
  - Runs named checks at the same time, each with its own deadline, and returns for each what was expected, what was
    observed, and the evidence.
  - What cannot be observed is not proven, and what is not proven has failed. A call without any check fails.
  - It changes nothing. It fails when a check fails, after all of them have ended, and names every failed one.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._check
options:
  fail:
    description:
      - Whether a failed check fails the module. If not, judge by RV(passed).
    type: bool
    default: true
  wait_seconds:
    description:
      - How long failing checks are repeated until they pass.
    type: float
    default: 0
  site:
    description:
      - The site that the checks ask for.
    type: str
  records:
    description:
      - The public records as C(recovery_dns.records) has them, with their C(values) by site.
    type: list
    elements: dict
    default: []
  name_servers:
    description:
      - The addresses of the authoritative name servers, for all checks that name none of their own.
    type: list
    elements: str
    default: []
  name_server_port:
    description:
      - The port of the name servers.
    type: int
    default: 53
  unreachable_accepted:
    description:
      - Addresses of name servers that are known to be lost and need not answer.
    type: list
    elements: str
    default: []
seealso:
  - module: gogidix.disaster_recovery.dns_failover_info
  - module: gogidix.disaster_recovery.lb_failover_info
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: Prove that the shop serves from Dublin
  gogidix.disaster_recovery.validate:
    site: dublin
    name_servers: [192.0.2.12, 198.51.100.31, 203.0.113.31]
    checks:
      - name: the public name points at Dublin
        dns:
          name: shop.storefront.example.
          values: [203.0.113.31]
      - name: orders are answered from Dublin through the public name
        http:
          url: http://shop.storefront.example/api/v1/orders/health
          site: dublin
      - name: the database in Frankfurt follows
        replication:
          host: 198.51.100.11
          primary_host: 203.0.113.11
          user: recovery
          password: "{{ vault_database_recovery_password }}"
    wait_seconds: 5
  delegate_to: localhost
  run_once: true

- name: List the backups of the orders in every repository
  gogidix.disaster_recovery.backup_info:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ item.value | combine({'name': item.key}) }}"
  loop: "{{ recovery_repositories | dict2items }}"
  register: listed

- name: Prove that the orders are kept by the rule 3-2-1-1-0
  gogidix.disaster_recovery.validate:
    site: dublin
    checks:
      - name: the orders are kept by the rule
        backup_policy:
          catalogues: "{{ listed.results }}"
          stanzas: [orders]
          places:
            vault: {site: witness}
            offsite: {site: cloud, medium: object, immutable: true}
          objectives: {orders: "{{ recovery_objectives.rpo_seconds }}"}
"""

RETURN = r"""
checks:
  description: Every check that was run, in the order in which they are given.
  returned: always, unless an option is wrong
  type: list
  elements: dict
  sample:
    - name: the public name points at Dublin
      kind: dns
      passed: true
      observed: shop.storefront.example. A = 203.0.113.31
      expected: shop.storefront.example. A = 203.0.113.31 at every server
      cause: null
      evidence: {answers: {192.0.2.12: shop.storefront.example. A = 203.0.113.31}}
      seconds: 0.0031
      attempts: 1
passed:
  description: Whether there was a check, and every one passed.
  returned: always, unless an option is wrong
  type: bool
  sample: true
failed_checks:
  description: The names of the failed checks.
  returned: always, unless an option is wrong
  type: list
  elements: str
  sample: []
not_run:
  description: The names of the checks of the future, in check mode.
  returned: always, unless an option is wrong
  type: list
  elements: str
  sample: []
recovery:
  description: The evidence of this act, the checks and what was not run.
  returned: always
  type: dict
  sample: {site: dublin, checks: [], not_run: []}
error_code:
  description: What kind of failure it was, C(DR-CHECK) for a failed check or C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-CHECK
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._validation import (
    validate,
    validate_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import run_verdict

SPECIFICATION = {"argument_spec": validate_spec(), "supports_check_mode": True}


def run(module: AnsibleModule) -> None:
    run_verdict(module, lambda without_future: validate(module.params, without_future=without_future))


def main() -> None:
    run(AnsibleModule(**SPECIFICATION))


if __name__ == "__main__":
    main()
