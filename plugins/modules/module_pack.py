#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: module_pack
short_description: Pack modules before they are needed
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Has the controller build what it will send to a host for each module, while the play is waiting for something else
    anyway. Ansible builds it at the first call of a module, which costs a third of a second, and an outage lasts that
    much longer.
  - It contacts no host and changes nothing. A module that was not packed is built at its first call, as always.
  - It fails when there is no such module.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
options:
  modules:
    description: The names of the modules, as tasks name them.
    type: list
    elements: str
    required: true
  background:
    description:
      - Go on with the play at once. What cannot be built is then built, and complained about, at its first call.
    type: bool
    default: false
notes:
  - What is built is kept until the end of the C(ansible-playbook) that runs, and beyond it by
    P(gogidix.disaster_recovery.recovery_journal#callback) for as long as no source of it changes.
"""

EXAMPLES = r"""
- name: Pack what a promotion needs while the hosts are asked whether they answer
  gogidix.disaster_recovery.module_pack:
    modules:
      - gogidix.disaster_recovery.lease
      - gogidix.disaster_recovery.database_role
    background: true
"""

RETURN = r"""
packed:
  description: The modules that are ready to be sent; with O(background) none is yet.
  returned: success
  type: list
  elements: str
  sample: [gogidix.disaster_recovery.lease]
"""
