# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a backup that does not stand alone needs: the backups it builds on, oldest first."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


def chained(records: list[BackupRecord], alone: set[str]) -> list[BackupRecord]:
    """The records with their chains; one whose chain has a hole, or a member that cannot be used, says so."""
    known = {record.id: record for record in records}
    return [
        record if record.id in alone or not record.is_complete else with_chain(record, known, alone)
        for record in records
    ]


def with_chain(record: BackupRecord, known: dict[str, BackupRecord], alone: set[str]) -> BackupRecord:
    chain: list[str] = []
    errors = list(record.errors)
    member = record
    while member.id not in alone:
        parent = known.get(member.parent or "")
        if parent is None or parent.id in chain or not parent.is_usable:
            errors.append(f"what it builds on, {(member.parent or 'nothing')[:8]}, is not in the repository")
            break
        chain.insert(0, parent.id)
        member = parent
    return replace(record, chain=chain, errors=errors)
