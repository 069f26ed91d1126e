# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Taking a backup of files: look, store, look again, and record only what was stored whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_documents import collected
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_keeping import FilesKeeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_look import looking
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Manifest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_options import Source
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_patterns import excluder
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_second_look import changes_since
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import data_tags
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import BegunRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    Stored,
    store_paths,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Taken
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    PreconditionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import Frozen, Snapshot
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.registry import open_snapshot

SHOWN = 20
VANISHED = "no such file or directory"
# Each frozen view takes the place of the live directory, for restic alone: the paths in the backup are the real ones.
IN_THE_PLACE = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@"'


@dataclass
class Reading:
    """What was seen and stored of the source."""

    manifest: Manifest
    stored: Stored
    documents: list[str]
    begun: BegunRecord
    started_at: datetime
    stopped_at: datetime
    changed: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def is_consistent(self) -> bool:
        return not self.changed


class FilesBackup:
    """One backup of a source into its keeper."""

    def __init__(self, source: Source, keeper: FilesKeeper, strategy: str, consistency_id: str = "") -> None:
        self.source = source
        self.keeper = keeper
        self.strategy = strategy
        self.consistency_id = consistency_id
        self.parent: BackupRecord | None = None
        self.set_id = ""
        self.until_recorded = ExitStack()

    @property
    def what(self) -> str:
        return f"back up stanza {self.source.stanza} into {self.keeper.repository}"

    def take(self) -> Taken:
        with self.keeper.alone(self.strategy):
            self.parent = self._parent()
            with self.keeper.writing() as self.set_id, self.until_recorded:
                return self._taken()

    def _taken(self) -> Taken:
        reading = self._read()
        try:
            self._require_whole(reading)
        except (IntegrityError, PreconditionError):
            # Who removes something has to be alone in the repository.
            self.until_recorded.close()
            self.keeper.drop(reading.stored.id)
            raise
        kept = self.keeper.finish_record(
            reading.begun,
            self._record(reading),
            self._content(reading),
            of=reading.stored.id,
            set_id=self.set_id,
            kind=self.source.kind,
        )
        return Taken(kept.id, reading.stored.seconds, self._warnings(reading))

    def _parent(self) -> BackupRecord | None:
        """What restic compares with, to read only what changed; a full one compares with nothing."""
        usable = [record for record in self.keeper.listing().records if record.is_usable and record.is_complete]
        if self.strategy == "full":
            return None
        if self.strategy == "differential":
            usable = [record for record in usable if record.strategy == "full"]
        ours = [record for record in usable if record.system_identifier == self.source.host]
        return ours[-1] if ours else None

    def _read(self) -> Reading:
        source, tool = self.source, self.keeper.tool
        with ExitStack() as until_read:
            with source.hooks.held(tool.deadline):
                # Only now: the quiesce may write what is backed up, as Redis writes its data file.
                self._require_there()
                documents = until_read.enter_context(collected(source.collect, source.staging, tool.deadline))
                if self.strategy == "snapshot":
                    frozen = until_read.enter_context(self._frozen())
                    # From here on the application may go on: what is read does not change any more.
                else:
                    return self._store(tool, Walk(), documents)
            snapshot, views = frozen
            walk = Walk(real=lambda path: real_path(path, views))
            numbers = {path: state[1] for path, state in walk.state(source.paths).items()}
            snapshot.require_whole(numbers)
            return self._store(replace(tool, prefix=prefix_of(views)), walk, documents)

    @contextmanager
    def _frozen(self) -> Iterator[tuple[Snapshot, list[Frozen]]]:
        if self.source.snapshot is None:
            raise InputError(
                self.what,
                cause="the strategy snapshot needs to know how the source is frozen",
                next_action="Set engine.files.snapshot, or use another strategy",
            )
        snapshot = open_snapshot(self.source.snapshot, self.keeper.deadline)
        with snapshot.frozen(self.source.paths, self.source.stanza) as views:
            yield snapshot, views

    def _store(self, tool: Restic, walk: Walk, documents: list[str]) -> Reading:
        source = self.source
        roots = [*source.paths, *documents]
        walk = replace(
            walk,
            is_excluded=excluder(source.excludes) if source.excludes else None,
            is_one_file_system=source.is_one_file_system,
            with_hashes=source.with_hashes,
        )
        started_at = now()
        begun = self._begun(started_at)
        arguments = ["--force"] if self.parent is None else ["--parent", self.parent.id]
        arguments += [f"--exclude={pattern}" for pattern in source.excludes]
        with looking(walk, roots, lambda seen: begun.write("manifest", seen.as_text())) as look, begun.unless_failed():
            stored = store_paths(tool, self.what, roots, self._tags(), *arguments, gate=look)
            reading = Reading(look.manifest, stored, documents, begun, started_at, stopped_at=now())
        reading.unreadable = dict(look.manifest.unreadable)
        reading.changed = changes_since(walk, roots, look.manifest)
        for each in stored.unread:
            path, _separator, cause = each.rpartition(": ")
            if VANISHED in each.lower():
                reading.changed.setdefault(path, "vanished")
            else:
                reading.unreadable[path or each] = cause
        return reading

    def _tags(self) -> dict[str, str]:
        return data_tags(
            stanza=self.source.stanza,
            engine=self.keeper.engine,
            strategy=self.strategy,
            set_id=self.set_id,
            system=self.source.host,
        )

    def _begun(self, started_at: datetime) -> BegunRecord:
        """Let restic open the repository for the record while another opens it for the data."""
        begun = self.keeper.begun_record(self._begun_at(started_at), set_id=self.set_id, kind=self.source.kind)
        return self.until_recorded.enter_context(begun)

    def _require_there(self) -> None:
        """A path that is gone is no small change: it may be a disk that is not mounted."""
        missing = [path for path in self.source.paths if not os.path.lexists(path)]
        if missing:
            raise PreconditionError(
                self.what,
                cause=f"not there: {', '.join(missing)}",
                next_action="See whether its disk is mounted, or correct engine.files.paths",
            )

    def _require_whole(self, reading: Reading) -> None:
        if reading.unreadable and not self.source.is_partial_welcome:
            raise PreconditionError(
                self.what,
                cause=f"{len(reading.unreadable)} paths could not be read: {shown(reading.unreadable)}",
                next_action="Let this user read them, exclude them, or set engine.files.unreadable to partial",
                evidence={"unreadable": first_of(reading.unreadable)},
            )
        if reading.changed and self.source.fails_on_change:
            raise IntegrityError(
                self.what,
                cause=f"{len(reading.changed)} paths changed while they were read: {shown(reading.changed)}",
                next_action="Hold the source still by hooks, use the strategy snapshot, or set on_change to report",
                evidence={"changed": first_of(reading.changed)},
            )
        names = [each for each in reading.manifest.entries.values() if each.type == "file"]
        if not reading.changed and not reading.unreadable and len(names) != reading.stored.files:
            raise IntegrityError(
                self.what,
                cause=f"the source has {len(names)} files, restic stored {reading.stored.files}",
                next_action="Compare engine.files.excludes with what restic makes of them",
                evidence={"files_seen": len(names), "files_stored": reading.stored.files},
            )

    def _record(self, reading: Reading) -> BackupRecord:
        return replace(
            self._begun_at(reading.started_at),
            id=reading.stored.id,
            stopped_at=reading.stopped_at,
            size_bytes=reading.stored.size_bytes,
            stored_bytes=reading.stored.added_bytes,
            changed_bytes=reading.stored.added_bytes,
            is_consistent=reading.is_consistent,
        )

    def _begun_at(self, started_at: datetime) -> BackupRecord:
        """What is known of it before anything is stored."""
        return BackupRecord(
            id="",
            engine=self.keeper.engine,
            stanza=self.source.stanza,
            repository=self.keeper.repository.name,
            strategy=self.strategy,
            parent=None if self.parent is None else self.parent.id,
            chain=[],
            started_at=started_at,
            stopped_at=started_at,
            size_bytes=0,
            stored_bytes=0,
            changed_bytes=0,
            encrypted=True,
            system_identifier=self.source.host,
            key_id=self.keeper.repository.key_id,
            consistency_id=self.consistency_id,
        )

    def _content(self, reading: Reading) -> dict[str, Any]:
        return {
            "version": 1,
            "paths": [*self.source.paths, *reading.documents],
            "documents": reading.documents,
            "excludes": self.source.excludes,
            "kind": self.source.kind,
            "changed": reading.changed,
            "unreadable": reading.unreadable,
            "left_out_mounts": reading.manifest.left_out_mounts,
        }

    def _warnings(self, reading: Reading) -> list[str]:
        said = []
        if reading.changed:
            said.append(f"{len(reading.changed)} paths changed while they were read: {shown(reading.changed)}")
        if reading.unreadable:
            said.append(f"{len(reading.unreadable)} paths are not in it: {shown(reading.unreadable)}")
        mounts = reading.manifest.left_out_mounts
        if mounts:
            said.append(f"Other file systems were left out: {', '.join(map(repr, mounts[:SHOWN]))}")
        return said


def real_path(path: str, views: list[Frozen]) -> str:
    """Where a path is read while its directory is frozen."""
    for view in sorted(views, key=lambda each: -len(each.origin)):
        origin = view.origin.rstrip("/")
        if path == origin or path.startswith(f"{origin}/"):
            return view.view + path[len(origin) :]
    return path


def prefix_of(views: list[Frozen]) -> tuple[str, ...]:
    places = [word for view in sorted(views, key=lambda each: len(each.origin)) for word in (view.view, view.origin)]
    return ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", IN_THE_PLACE, "sh", *places, "--")


def first_of(found: dict[str, str]) -> dict[str, str]:
    return dict(list(found.items())[:SHOWN])


def shown(found: dict[str, str]) -> str:
    """The first of them, with odd names made visible."""
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(f"{path!r} ({cause})" for path, cause in first_of(found).items()) + more
