# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Shipping a MariaDB server's binary log: every closed file that the repository lacks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogContent,
    events,
    gtids_text,
    read_content,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_catalogue import (
    LOG_STRATEGY,
    LOG_TAG,
    Holdings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_keeping import (
    Keeping,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_live import LiveServer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import ArchivedLog, History
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log_files import (
    LogFiles,
    log_files,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_taking import (
    keep_record,
    require_one_server,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    data_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    store_paths,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    LogGapError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch, now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


@dataclass(frozen=True)
class Shipment:
    """Closed files of the binary log that the repository does not have yet."""

    paths: list[Path]
    contents: list[LogContent]
    digests: list[str]
    last_closed: str

    @property
    def cut_off(self) -> list[str]:
        """What a crash of the server left without its end."""
        return [
            f"The last transaction in {content.name} was cut off when the server died: {content.end_offset} bytes of"
            f" {path.stat().st_size} are whole, and a recovery ends there"
            for path, content in zip(self.paths, self.contents, strict=True)
            if content.is_torn
        ]

    def logs(self, snapshot: str, history: History) -> list[ArchivedLog]:
        return [
            ArchivedLog(
                shipment=snapshot,
                name=content.name,
                number=content.number,
                timeline=history.timeline_of(content.number),
                server_id=content.server_id,
                created_at=content.created_at,
                ended_at=content.ended_at,
                size_bytes=content.end_offset,
                starts_after=gtids_text(content.starts_after),
                ends_with=gtids_text(content.ends_with),
                sha256=digest,
                is_torn=content.is_torn,
            )
            for content, digest in zip(self.contents, self.digests, strict=True)
        ]


def unshipped(files: list[Path], holdings: Holdings, history: History) -> Shipment:
    """The files that the repository lacks, read to their ends, so that a damaged one is never shipped as good."""
    wanted = [path for path in files if not is_there(path, holdings, history)]
    contents = [read_content(path) for path in wanted]
    digests = [digest_of(path) for path in wanted]
    return Shipment(wanted, contents, digests, files[-1].name if files else "")


def is_there(path: Path, holdings: Holdings, history: History) -> bool:
    first = next(events(path))
    number = int(path.name.rpartition(".")[2])
    return holdings.archive.holds(path.name, history.timeline_of(number), first.server_id, first.at)


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def ship_log(live: LiveServer, keeping: Keeping, basename: str, *, segment: str = "") -> dict[str, Any]:
    """Close the current file and ship every closed one that the repository lacks; only those, when one is named.

    A server that is dead closes nothing: the file that it died with is shipped as far as it is whole.
    """
    what = f"ship the binary log of stanza {keeping.stanza} into {keeping.repository}"
    files, history = log_files(live, basename, flush=not segment), live.history
    identity = require_one_server(live, files.version, keeping.holdings)
    shipment = unshipped(files.paths, keeping.holdings, history)
    logs: list[ArchivedLog] = []
    if shipment.paths:
        logs = store_logs(keeping, shipment, files, identity, history, what)
    found = shipped_log(keeping.holdings, segment or shipment.last_closed)
    if found is None:
        raise LogGapError(
            what,
            cause=f"neither the server nor the repository has {segment or 'any closed file'} any more",
            next_action="Let the server keep its binary log longer than it takes until the next shipment",
        )
    return {
        **found,
        "files": [each.name for each in logs],
        "from_gtid": logs[0].starts_after if logs else None,
        "notes": [*files.notes, *shipment.cut_off],
    }


def shipped_log(holdings: Holdings, segment: str) -> dict[str, Any] | None:
    """The newest file of a name in the repository."""
    found = [each for each in holdings.archive.logs if each.name == segment]
    if not found:
        return None
    last = max(found, key=lambda each: each.created_at)
    return {
        "segment": last.name,
        "lsn": f"{last.name}:{last.size_bytes}",
        "timeline": last.timeline,
        "stored_as": last.shipment,
        "files": [],
        "from_gtid": None,
        "until_gtid": last.ends_with,
        "ended_at": written(from_epoch(last.ended_at)),
        "gaps": holdings.gaps(),
    }


def store_logs(
    keeping: Keeping, shipment: Shipment, files: LogFiles, identity: str, history: History, what: str
) -> list[ArchivedLog]:
    started_at = now()
    with keeping.writing() as set_id:
        tags = data_tags(
            stanza=keeping.stanza, engine=keeping.engine, strategy=LOG_STRATEGY, set_id=set_id, system=identity
        )
        stored = store_paths(keeping.tool, what, [str(path) for path in shipment.paths], tags)
    if stored.unread or stored.files != len(shipment.paths):
        raise IntegrityError(
            what,
            cause="; ".join(stored.unread) or f"{stored.files} of {len(shipment.paths)} files were stored",
            next_action="Run as a user who may read the binary log, and see whether the server purges it too early",
        )
    if files.is_server_dead and digest_of(shipment.paths[-1]) != shipment.digests[-1]:
        keeping.drop(stored.id)
        raise IntegrityError(
            what,
            cause=f"{shipment.paths[-1].name} was changed while it was read: the server was started meanwhile",
            next_action="Run it again",
        )
    logs = shipment.logs(stored.id, history)
    record = BackupRecord(
        id=stored.id,
        engine=keeping.engine,
        stanza=keeping.stanza,
        repository=keeping.repository.name,
        strategy=LOG_STRATEGY,
        parent=None,
        chain=[],
        started_at=started_at,
        stopped_at=now(),
        size_bytes=stored.size_bytes,
        stored_bytes=stored.added_bytes,
        changed_bytes=stored.size_bytes,
        encrypted=True,
        system_identifier=identity,
        server_version=files.version,
        log_position=f"{logs[-1].name}:{logs[-1].size_bytes}",
    )
    more = {f"{LOG_TAG}{number:06}": log.as_tag() for number, log in enumerate(logs)}
    keep_record(keeping, record, set_id, {**more, "history": history.as_text()}, is_alone=True)
    return logs
