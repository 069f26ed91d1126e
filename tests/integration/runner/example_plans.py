# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A project with a collection of plans that need nothing but this machine; written out for each test session."""

from __future__ import annotations

from pathlib import Path

_COLLECTION = "collections/ansible_collections/example/plans"

_FILES = {
    "inventories/small/group_vars/all.yml": """---
recovery_group: shop
recovery_sites:
  north: {label: North, environment: lab}
  south: {label: South, environment: lab}
recovery_objectives: {rto_seconds: 30, rpo_seconds: 5}
""",
    "inventories/small/hosts.yml": """---
all:
  hosts:
    here:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
""",
    f"{_COLLECTION}/playbooks/failback.yml": """---
- name: Move
  hosts: all
  gather_facts: false
  tasks:
    - name: Try and undo
      block:
        - name: First
          ansible.builtin.import_role:
            name: example.plans.first
        - name: Break
          ansible.builtin.fail:
            msg: It broke.
      rescue:
        - name: Stop here
          ansible.builtin.fail:
            msg: Undone.
""",
    f"{_COLLECTION}/playbooks/failover.yml": """---
- name: Move
  hosts: all
  gather_facts: false
  tasks:
    - name: Read
      ansible.builtin.import_role:
        name: example.plans.plan_input
    - name: First
      ansible.builtin.import_role:
        name: example.plans.first
    - name: Second
      ansible.builtin.import_role:
        name: example.plans.second

- name: Report
  hosts: all
  gather_facts: false
  tasks:
    - name: Hand over the report
      ansible.builtin.set_stats:
        per_host: false
        data:
          recovery_report:
            status: succeeded
            verdict: verified
            rto: {objective_seconds: 30, achieved_seconds: 1.5}
            rpo: {objective_seconds: 5, achieved_seconds: 0}
""",
    f"{_COLLECTION}/playbooks/validate.yml": """---
- name: Observe
  hosts: all
  gather_facts: false
  tasks:
    - name: Second
      ansible.builtin.import_role:
        name: example.plans.second
""",
    f"{_COLLECTION}/roles/first/tasks/main.yml": """---
- name: Keep what was given
  ansible.builtin.copy:
    content: "{{ recovery_accept_data_loss }}"
    dest: "{{ recovery_directory }}/given"
    mode: "0600"
  when: recovery_directory | default('') | length > 0

- name: Say the secret where it is not hidden
  ansible.builtin.debug:
    msg: "the passphrase is {{ recovery_passphrase | default('not given') }}"
""",
    f"{_COLLECTION}/roles/plan_input/meta/argument_specs.yml": """---
argument_specs:
  failover: &move
    short_description: A plan that moves
    options: &options
      recovery_source_site: {type: str, required: true, description: The site to leave.}
      recovery_target_site: {type: str, required: true, description: The site to go to.}
      recovery_mode: {type: str, choices: [planned, emergency], default: planned, description: How.}
      recovery_group: {type: str, required: true, description: The group.}
      recovery_sites: {type: dict, required: true, description: The sites.}
      recovery_accept_data_loss: {type: str, default: "", description: The reason.}
      recovery_count: {type: int, default: 1, description: A number.}
      recovery_passphrase: {type: str, no_log: true, description: A secret.}
      recovery_directory: {type: str, default: "", description: Where to leave a trace.}
  failback: *move
  validate:
    short_description: A plan that observes
    options: *options
""",
    f"{_COLLECTION}/roles/plan_input/tasks/main.yml": """---
- name: Read the request
  ansible.builtin.assert:
    that: recovery_source_site != recovery_target_site
    quiet: true
""",
    f"{_COLLECTION}/roles/second/tasks/main.yml": """---
- name: Take some time
  ansible.builtin.command:
    argv:
      - "{{ ansible_playbook_python }}"
      - -c
      - import time; time.sleep({{ recovery_count | default(1) | int }})
      - waited-for-{{ recovery_marker }}
  changed_when: true
  vars:
    recovery_marker: "{{ lookup('ansible.builtin.env', 'RECOVERY_RUN_ID') }}"
""",
}


def write_project(folder: Path) -> Path:
    """Lay the project down in a folder of its own."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
