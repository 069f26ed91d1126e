# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The kinds of snapshot there are: one static table, because only static imports travel to a target."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import Snapshot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.btrfs import BtrfsSnapshot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.lvm import LvmSnapshot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.zfs import ZfsSnapshot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

SNAPSHOTS: dict[str, type[Snapshot]] = {member.NAME: member for member in (BtrfsSnapshot, LvmSnapshot, ZfsSnapshot)}


def snapshot_spec() -> dict[str, Any]:
    """How the source is frozen for the strategy snapshot: exactly one kind, when any."""
    return union_spec(SNAPSHOTS)


def open_snapshot(value: dict[str, Any], deadline: Deadline) -> Snapshot:
    """The kind of snapshot that an option describes."""
    kind, options = chosen(SNAPSHOTS, value, option="snapshot")
    return kind(options, deadline)
