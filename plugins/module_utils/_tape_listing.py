# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the tapes that this host wrote hold of one stanza, told as backup_info tells of a repository."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, parse_instant, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Protection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_archive import TapeRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository


def list_tapes(engine: Engine, tape: TapeRepository, deadline: Deadline) -> dict[str, Any]:
    """The backups by the newest tape of each; one that was never read back is no backup that can be relied on."""
    at = now()
    known = [row for row in tape.open_drive(deadline).known() if row.repository == tape.name]
    rows = [row for row in known if engine.stanza in row.holds]
    held = {each["id"]: told(each, row, at) for row in rows for each in row.holds[engine.stanza]}
    backups = sorted(held.values(), key=lambda each: str(each["stopped_at"]))
    ages = [each["age_seconds"] for each in backups if not each["errors"]]
    return {
        "engine": engine.NAME,
        "stanza": engine.stanza,
        "read_at": written(at),
        "backups": backups,
        "windows": [],
        "newest_recovery_point": None,
        "newest_backup_age_seconds": min(ages, default=None),
        "system_identifier": "",
        "backup_running": False,
        "server": None,
        "repository": {
            "name": tape.name,
            "place": f"{tape.name} in {tape.place}",
            "medium": tape.MEDIUM,
            # A tape lies in a cabinet: that it was read back is all that is known of it.
            "reachable": None,
            "free_bytes": None,
            "observed": f"{len(rows)} tapes with it are known here",
            "immutable": None,
            "immutable_until": None,
            "protection": Protection().as_result(),
        },
        "tapes": [row.as_result() for row in rows],
    }


def told(backup: dict[str, str], row: TapeRecord, at: datetime) -> dict[str, Any]:
    """One backup on one tape. To have been read back and compared is what *checked* means."""
    stopped_at = parse_instant(backup["stopped_at"], option="catalogue_directory")
    proven_at = row.read_back_at
    return {
        "id": backup["id"],
        "stopped_at": backup["stopped_at"],
        "age_seconds": round((at - stopped_at).total_seconds(), 3),
        "tape": row.id,
        "errors": [] if proven_at else [f"tape {row.id} was never read back"],
        "trust": {
            "level": "checked" if proven_at else "taken",
            "proven_at": proven_at,
            "levels": {"checked": proven_at} if proven_at else {},
            "evidence": {"checked": {"tape": row.id, "files": row.files}} if proven_at else {},
        },
    }
