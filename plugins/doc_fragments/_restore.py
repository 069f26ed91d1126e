# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What is restored: the moment, from where, the part, and how much of it is proven."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  target:
    description: The moment to recover to.
    type: dict
    suboptions:
      type:
        description:
          - V(latest) is the end of the archived transaction log, V(immediate) the end of the backup.
          - O(engine.postgresql_dump) knows V(latest) and V(immediate) only, which are the same for it.
          - V(lsn), V(xid) and V(name) are for O(engine.postgresql), V(log_position) and V(gtid) for O(engine.mariadb).
          - The binary log of MariaDB counts whole seconds, and gives for a transaction the second in which its last
            statement began. V(time) therefore ends before the first transaction of the second that the target lies in,
            so that nothing younger than the target is ever recovered. V(log_position) and V(gtid) are exact.
        type: str
        choices: [latest, immediate, time, lsn, xid, name, log_position, gtid]
        default: latest
      value:
        description:
          - The time in ISO 8601 with its zone, the position, the transaction, or the name of the restore point.
          - A V(log_position) is a file of the binary log and an offset in it, as in C(mariadb-bin.000007:1234), what is
            before it is recovered. A V(gtid) is the last transaction that is recovered, as in C(0-1-100).
        type: str
  backup:
    description: The backup to start from, by its identifier. Chosen by the target when not given.
    type: str
  timeline:
    description: The timeline to follow. The newest one when not given. A restore in place begins a new one.
    type: int
  may_run_yet:
    description:
      - In check mode with O(mode=in_place), that a running server is no reason to refuse, for it is stopped before the
        data is really restored.
    type: bool
    default: false
  prove:
    description:
      - How much of the restored copy is proven before it is put in place or called done. What is left out stands in
        C(not_proven) of RV(proof) and in RV(notes).
      - V(target) is only that the recovery got to its target, V(checks) also that O(checks) are answered rightly.
      - V(everything) is also that all tables, indexes and pages are sound, by the tools that
        M(gogidix.disaster_recovery.backup_verify) uses. It reads all data once or twice more.
      - For O(engine.postgresql) with O(mode=in_place), V(checks) and V(everything) take room for a second copy, since
        what goes live is not to be written, and locks may keep it from answering as long as it holds at the target.
    type: str
    choices: [target, checks, everything]
    default: everything
  select:
    description:
      - The part that is wanted. All of the backup when nothing is named.
      - Databases and tables are taken out of a whole copy that is restored with O(mode=beside), as dumps. Loading them
        is yours to do, so that nothing live is overwritten.
    type: dict
    suboptions:
      paths:
        description: Files and directories, as absolute paths of the host they were taken from.
        type: list
        elements: str
        default: []
      databases:
        description: Databases of the server, with O(mode=beside).
        type: list
        elements: str
        default: []
      tables:
        description:
          - Tables, each as C(database.table), with O(mode=beside). For O(engine.postgresql) also as
            C(database.schema.table).
        type: list
        elements: str
        default: []
"""
