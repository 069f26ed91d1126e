# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Copying a repository to the tape in a drive: wanted is that the tape holds it as it is now, read back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_archive import TapeRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    checksums_of,
    written_manifest,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository


class TapeCopying:
    """A Subject: the tape in the drive."""

    def __init__(self, source: Engine, target: TapeRepository, *, replaces: str | None) -> None:
        self.source = source
        self.target = target
        self.replaces = replaces
        self.drive = target.open_drive(source.deadline)
        self.backups: list[dict[str, str]] = []
        self.record: TapeRecord | None = None
        self.is_written_now = False

    def describe(self) -> Description:
        label = self.drive.read_label()
        known = {record.id: record for record in self.drive.known()}
        # What was read back is known to this host only: the tape itself was written before.
        self.record = None if label is None else known.get(label.id)
        return {
            "manifest": None if self.record is None else self.record.manifest_sha256,
            "is_read_back": self.record is not None and self.record.read_back_at is not None,
            "backups": [] if self.record is None else self.record.holds.get(self.source.stanza, []),
        }

    def plan(self, before: Description) -> Description:
        catalogue = self.source.read_records()
        if catalogue.is_backup_running:
            raise LeaseError(
                f"copy {self.source.repository} to a tape",
                cause="a backup is running, so that the copy would be of no one moment",
                next_action="Wait until it has ended",
            )
        self.backups = [
            {"id": record.id, "stopped_at": written(record.stopped_at)}
            for record in catalogue.records
            if record.is_usable
        ]
        manifest = written_manifest(checksums_of(self._directory(), self.source.deadline))
        return {"manifest": hashlib.sha256(manifest).hexdigest(), "is_read_back": True, "backups": self.backups}

    def _directory(self) -> Path:
        directory = self.source.repository.local_directory
        if directory is None:
            raise PreconditionError(
                f"copy {self.source.repository} to a tape",
                cause="it is no directory of this host",
                next_action="Run this on the repository host, or copy it to a directory of this host first",
            )
        return Path(directory)

    def apply(self, before: Description, after: Description) -> None:
        record = self.record
        if record is None or record.manifest_sha256 != after["manifest"]:
            record = self.drive.write(self._directory(), replaces=self.replaces)
            self.is_written_now = True
        record = self.drive.note(record, self.source.stanza, self.backups)
        self.record = record if record.read_back_at else self.drive.read_back(record)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "source": self.source.repository.name,
            "target": self.target.name,
            "tape": None if self.record is None else self.record.id,
            **after,
        }

    def results(self, after: Description) -> dict[str, Any]:
        is_there = self.record is not None and self.record.manifest_sha256 == after["manifest"]
        copy = self.record.id if self.record is not None and is_there else None
        return {
            "copies": [{"id": each["id"], "copy": copy, "stored_bytes": None} for each in self.backups],
            "log": [],
            "missing": [] if is_there else [each["id"] for each in self.backups],
            "newly_copied": [each["id"] for each in self.backups] if self.is_written_now else [],
            "tape": self.record.as_result() if self.record is not None and is_there else None,
            "notes": [],
        }
