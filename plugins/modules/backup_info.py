#!/usr/bin/python
# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_info
short_description: List backups, the trust in them, and what can be recovered
version_added: 1.0.0
description:
  - Lists the backups in a repository with their age and the evidence that this host has for them, and the windows
    within which every moment can be recovered. A window ends where the transaction log has a gap.
  - The result is what the check O(gogidix.disaster_recovery.validate#module:checks[].backup_policy) judges.
  - What it says is read from the repository at this moment; nothing of it is remembered, except the evidence.
  - A stanza that does not exist, or that cannot be read, is a failure.
  - Of O(repository.tape) it tells what the tapes hold that this host has written with
    M(gogidix.disaster_recovery.backup_copy), by the proof that they were read back. The drive is not asked.
extends_documentation_fragment:
  - gogidix.disaster_recovery._attributes.info
  - gogidix.disaster_recovery._attributes.actiongroup
  - gogidix.disaster_recovery._engine
  - gogidix.disaster_recovery._repository
options:
  ask_server:
    description:
      - Whether the live server of this host is asked as well, once the repository was read, if all that it has
        committed is there. A database to which nobody writes ships nothing, so that its newest moment grows old
        although nothing would be lost. Only the server can tell that from a log that has stopped.
      - It is asked over its socket, and its own log files are read. For O(engine.postgresql) that takes
        C(pg_waldump), which comes with the server.
    type: bool
    default: false
seealso:
  - module: gogidix.disaster_recovery.backup
  - module: gogidix.disaster_recovery.backup_verify
author:
  - gogidix.disaster_recovery contributors (@gogidix)
"""

EXAMPLES = r"""
- name: See what can be recovered of the orders
  gogidix.disaster_recovery.backup_info:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"

- name: See whether anything would be lost if this server was gone now
  gogidix.disaster_recovery.backup_info:
    engine: "{{ recovery_databases.orders.engine }}"
    repository: "{{ recovery_repositories.vault | combine({'name': 'vault'}) }}"
    ask_server: true
  become: true
  become_user: postgres
"""

RETURN = r"""
engine:
  description: What was backed up, by its name in O(engine).
  returned: success
  type: str
  sample: postgresql
stanza:
  description: The name under which its backups are kept.
  returned: success
  type: str
  sample: orders
read_at:
  description: When this was read.
  returned: success
  type: str
  sample: "2026-01-02T09:00:31.200000Z"
backups:
  description:
    - The backups, oldest first.
    - C(proven_age_seconds) is the age of the evidence for the level of trust, null without any.
    - Those on a tape have C(id), C(stopped_at), C(age_seconds), C(tape), C(errors) and C(trust) only.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 20260102-030405F, engine: postgresql, stanza: orders, repository: vault, strategy: full,
       parent: null, chain: [], started_at: "2026-01-02T03:04:05Z", stopped_at: "2026-01-02T03:04:11Z",
    age_seconds: 12.5, proven_age_seconds: null, start_lsn: 0/5000028, stop_lsn: 0/5000100,
    wal_start: "000000010000000000000005", wal_stop: "000000010000000000000005", timeline: 1,
    size_bytes: 23213935, stored_bytes: 2861360, changed_bytes: 2861360, encrypted: true,
    system_identifier: "7711027769581624793", server_version: "15", errors: [],
    trust: {level: taken, proven_at: null, levels: {}, evidence: {}}}
windows:
  description:
    - Empty for O(engine.files), where what can be recovered is each backup itself.
    - Where every moment can be recovered, by timeline, oldest first. Of O(engine.mariadb), each window has
      C(from_position), C(until_position) and C(until_gtid) instead of C(from_lsn) and C(until_lsn). A file of the
      binary log that is missing ends a window.
    - C(until_at) is when the last piece of the log arrived in the repository. A moment just before it that no archived
      transaction follows is refused by M(gogidix.disaster_recovery.restore), for it could not be proven.
  returned: success
  type: list
  elements: dict
  sample:
    - {timeline: 1, backups: [20260102-030405F], from_at: "2026-01-02T03:04:11Z", until_at: "2026-01-02T09:00:00Z",
     from_lsn: 0/5000100, until_lsn: 0/9000000}
newest_recovery_point:
  description: The newest moment that can be recovered and its age; null without any window.
  returned: success
  type: dict
  sample: {at: "2026-01-02T09:00:00Z", age_seconds: 31.2}
newest_backup_age_seconds:
  description: The age of the newest usable backup; null without any.
  returned: success
  type: float
  sample: 3600.5
system_identifier:
  description: The identity of the database that the backups are of.
  returned: success
  type: str
  sample: "7711027769581624793"
backup_running:
  description: Whether a backup is being taken at this moment, as far as this host can see.
  returned: success
  type: bool
  sample: false
server:
  description:
    - What the live server of this host says, when O(ask_server) asks it; null otherwise, and for data without a
      transaction log. What is not proven is not claimed.
  returned: success
  type: dict
  contains:
    asked_at:
      description: A moment just before it was asked, by the clock of this host. It is later than RV(read_at).
      type: str
      returned: always
    state:
      description: >-
        V(primary) for one that takes writes, V(standby) for one that does not, V(unknown) when it did not answer or
        was not understood.
      type: str
      returned: always
    all_shipped:
      description:
        - Whether everything that was committed until RV(server.asked_at) can be recovered from the repository. What a
          server without work writes by itself into its log is no commit.
        - Null when it is not known, as of a standby, of another system or timeline than that of the newest window, or
          while the archiver fails.
      type: bool
      returned: always
    position:
      description: Where its log stood, as an LSN or as C(file:offset). Empty when it is not known.
      type: str
      returned: always
    unshipped_bytes:
      description: >-
        How many bytes of its log after the newest window are not in the repository; null when that is not known.
      type: int
      returned: always
    observed:
      description: The same as a sentence, with the reason.
      type: str
      returned: always
  sample: {asked_at: "2026-01-02T09:00:31.400000Z", state: primary, all_shipped: true, position: 0/9000028,
    unshipped_bytes: 0, observed: "all of its log is in the repository"}
tapes:
  description: The tapes that hold any of it.
  returned: for O(repository.tape)
  type: list
  elements: dict
  sample:
    - {id: 20260102T040506Z-1f2e3d4c, files: 964, size_bytes: 2861360, read_back_at: "2026-01-02T04:06:00Z"}
repository:
  description:
    - What a look at the place itself showed; null for what cannot be asked from this host.
    - C(immutable) is whether what is written there now cannot be removed by anybody for a time, as the place itself
      says, and null when it does not say. C(immutable_until) is until when that holds for all of the newest usable
      backup, which says nothing about older ones that it builds on.
  returned: success
  type: dict
  sample: {name: vault, place: "wit-store1:/var/lib/pgbackrest", medium: disk, reachable: true, free_bytes: null,
    observed: "wit-store1:22 accepts connections", immutable: null, immutable_until: null,
    protection: {versioning: null, object_lock: null, mode: "", retention_days: null, immutable: null,
    observed: "not observed: only the backup tool reaches it from here"}}
error_code:
  description:
    - What kind of failure it was.
    - One of C(DR-KEY), C(DR-REPO), C(DR-AUTH), C(DR-TLS), C(DR-INPUT).
  returned: failure
  type: str
  sample: DR-KEY
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_listing import list_backups
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import (
    engine_spec,
    open_engine,
    open_for_tape,
    open_ledger,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import failing_cleanly, run_observation
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import open_repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._tape_listing import list_tapes


def main() -> None:
    spec = {**engine_spec(), "ask_server": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)

    def observe() -> dict[str, Any]:
        place = open_repository(module.params["repository"])
        if isinstance(place, TapeRepository):
            return list_tapes(open_for_tape(module.params, place), place, Deadline(module.params["deadline"]))
        engine = open_engine(module.params)
        ledger = open_ledger(module.params, engine)
        return list_backups(engine, ledger, is_server_asked=module.params["ask_server"])

    with failing_cleanly(module):
        run_observation(module, observe)


if __name__ == "__main__":
    main()
