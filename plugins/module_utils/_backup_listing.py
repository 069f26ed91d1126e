# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a repository holds, for a person and for a check."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Catalogue,
    Engine,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import (
    NOT_OBSERVED,
    Protection,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger


def list_backups(engine: Engine, ledger: TrustLedger, *, is_server_asked: bool = False) -> dict[str, Any]:
    """The backups with their trust, the windows, how old the newest of each is, and what the server says beside."""
    records = ledger.judge(engine.read_records().records)
    catalogue = engine.read_catalogue(records)
    at = now()
    usable = [record for record in records if record.is_usable]
    newest_age = (at - usable[-1].stopped_at).total_seconds() if usable else None
    point = catalogue.newest_recovery_point_at
    recovery_point = None
    if point is not None:
        recovery_point = {"at": written(point), "age_seconds": round((at - point).total_seconds(), 3)}
    repository = engine.repository
    return {
        "engine": engine.NAME,
        "stanza": engine.stanza,
        "read_at": written(at),
        "backups": [record.as_result(at) for record in records],
        "windows": catalogue.windows,
        "newest_recovery_point": recovery_point,
        "newest_backup_age_seconds": None if newest_age is None else round(newest_age, 3),
        "system_identifier": catalogue.system_identifier,
        "backup_running": catalogue.is_backup_running,
        "server": server_answer(engine, catalogue) if is_server_asked else None,
        "repository": {
            "name": repository.name,
            "place": repository.place,
            "medium": repository.MEDIUM,
            **asdict(repository.probe()),
            **told_protection(protection_of(engine), usable),
        },
    }


def server_answer(engine: Engine, catalogue: Catalogue) -> dict[str, Any] | None:
    """What the server of this host says, after the repository was read; silence is told, and proves nothing.

    The moment is taken before the question: all that was committed until then is in the answer.
    """
    asked_at = now()
    try:
        answer = engine.ask_server(catalogue)
    except RecoveryError as error:
        answer = ServerAnswer.unknown(str(error))
    return None if answer is None else {"asked_at": written(asked_at), **asdict(answer)}


def protection_of(engine: Engine) -> Protection:
    """What the place itself tells of its versions and locks; nobody else's word counts here."""
    try:
        store = engine.repository.open_store(engine.open_repository_tool().secrets())
    except RecoveryError as error:
        return Protection(observed=f"{NOT_OBSERVED}: {error.cause}")
    if store is None:
        return Protection(observed=f"{NOT_OBSERVED}: only the backup tool reaches it from here")
    return store.observed_protection()


def told_protection(seen: Protection, usable: list[BackupRecord]) -> dict[str, Any]:
    """Whether what is written now cannot be removed, and until when that holds for all of the newest backup."""
    until = None
    if seen.is_immutable and usable:
        until = written(usable[-1].started_at + timedelta(days=seen.retention_days or 0))
    return {"immutable": seen.is_immutable, "immutable_until": until, "protection": seen.as_result()}
