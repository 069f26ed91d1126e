#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_files
short_description: Have several files and directories of a host in one call
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Makes directories and files with their content, owner and mode. Each call of a module costs a third of a second or
    more, so what a host needs is given at once.
  - It removes nothing, and leaves alone what is not named.
  - Files are replaced atomically and are synced to the disk. A failure leaves the file at which it stopped as it was,
    and those before it as they are wanted.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes
  - gogidix.disaster_recovery._attributes.actiongroup
attributes:
  diff_mode:
    details:
      - The difference is given as checksums, since a file may hold secrets.
  idempotent:
    support: full
options:
  files:
    description: What there is to be, in the order in which it is made.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Its absolute path.
        type: path
        required: true
      content:
        description: What the file holds. Without it this is a directory.
        type: str
      owner:
        description: The user that owns it.
        type: str
        default: root
      group:
        description: Its group; the one named like the owner when not given.
        type: str
      mode:
        description: Its mode, as four octal digits. V(0755) for a directory and V(0644) for a file when not given.
        type: str
"""

EXAMPLES = r"""
- name: Have the place of the settings and the settings
  gogidix.disaster_recovery.host_files:
    files:
      - path: /etc/recovery
      - path: /etc/recovery/observer.json
        content: "{{ lookup('ansible.builtin.template', 'observer.json.j2') }}"
        owner: recovery-observer
        mode: "0400"
  become: true
"""

RETURN = r"""
files:
  description: The paths of all that was asked for.
  returned: success
  type: list
  elements: str
  sample: [/etc/recovery, /etc/recovery/observer.json]
recovery:
  description: The evidence of this act, for the journal.
  returned: always
  type: dict
  sample: {written: [/etc/recovery/observer.json]}
error_code:
  description:
    - What kind of failure it was.
    - C(DR-PRE), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-PRE
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._host_files import HostFile, HostFiles
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_subject

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": True},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str"},
    "mode": {"type": "str"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": FILE}},
        supports_check_mode=True,
    )
    with failing_cleanly(module):
        run_subject(module, HostFiles([HostFile.of(each) for each in module.params["files"]]), what="write files")


if __name__ == "__main__":
    main()
