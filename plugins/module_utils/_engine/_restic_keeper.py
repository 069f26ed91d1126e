# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The backups of one name in one restic repository, for every engine that keeps its backups there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import (
    Restic,
    configuration_file_of,
    unexpected,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    Listing,
    data_tags,
    read_listing,
    record_tags,
    snapshot_as_listed,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_check import (
    Condition,
    check_repository,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import Figures
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_memory import Memory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import (
    read_record,
    understood,
    write_record,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_shelf import Shelf
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    forget_snapshots,
    list_snapshots,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Examination
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    LeaseError,
    RecoveryError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


class Keeper:
    """Where an engine's backups are kept. The tool, and with it the passphrase, is opened when it is first needed."""

    def __init__(
        self,
        engine: str,
        stanza: str,
        repository: Repository,
        configuration_file: str | None,
        deadline: Deadline,
        jobs: int | None = None,
    ) -> None:
        if not NAME.match(stanza):
            raise InputError(
                f"read the option engine.{engine}.stanza",
                cause=f"{stanza!r} is not a name",
                next_action="Use letters, digits, dots, dashes and underscores",
            )
        self.engine = engine
        self.stanza = stanza
        self.repository = repository
        self.configuration_file = configuration_file or configuration_file_of(repository.name)
        self.deadline = deadline
        self.jobs = jobs
        self._tool: Restic | None = None
        self._listing: Listing | None = None
        # What restic said last, from which the list after a write of ours follows.
        self._snapshots: list[dict[str, Any]] = []
        self._names: set[str] | None = None

    @property
    def tool(self) -> Restic:
        if self._tool is None:
            tool = Restic.of(self.configuration_file, self.deadline, self.jobs)
            tool.version()
            self._tool = tool
        return self._tool

    @property
    def memory(self) -> Memory:
        """What this host saw in the repository before."""
        return Memory(self.tool.cache_directory, f"{self.repository.name}-{self.stanza}-{self.engine}")

    @property
    def shelf(self) -> Shelf | None:
        """The snapshots by their files, where this host can see them."""
        memory = self.memory
        return Shelf.of(self.tool, memory.directory / f"{memory.name}.listing")

    def listing(self, *, again: bool = False) -> Listing:
        """The backups, read once until something is written; a repository that lost the newest of them is refused.

        With ``again`` restic itself is asked, whatever is known.
        """
        if self._listing is None or again:
            what = f"read the backups of stanza {self.stanza} in {self.repository}"
            self._listing = self._understood(self._listed(what, again=again), what)
        return self._listing

    def _listed(self, what: str, *, again: bool) -> list[dict[str, Any]]:
        shelf = self.shelf
        self._names = shelf.names() if shelf else None
        listed = shelf.recall() if shelf and not again else None
        if listed is None:
            listed = self._asked(what)
            if shelf:
                shelf.remember(self._names, listed)
        self._snapshots = listed
        return listed

    def _asked(self, what: str) -> list[dict[str, Any]]:
        return list_snapshots(self.tool, what, self.stanza)

    def _figures(self, listed: list[dict[str, Any]], what: str) -> dict[str, Figures]:
        """What stands in records instead of their tags, by set; here all of it stands in the tags."""
        return {}

    def _understood(self, listed: list[dict[str, Any]], what: str) -> Listing:
        figures, name = self._figures(listed, what), self.repository.name
        try:
            listing = read_listing(listed, stanza=self.stanza, engine=self.engine, repository=name, figures=figures)
        except (KeyError, TypeError, ValueError, InputError) as error:
            raise unexpected(what, f"restic's list lacks or garbles {error}") from error
        self.memory.require_not_older(listing.records, what)
        self.memory.remember(listing.records)
        return listing

    def alone(self, strategy: str) -> AbstractContextManager[None]:
        """Hold the name for this process while a backup is taken."""
        return self.memory.alone(f"take a {strategy} backup of stanza {self.stanza} into {self.repository}")

    @property
    def is_backup_running(self) -> bool:
        """Whether another process of this host takes a backup of this name."""
        return self.memory.is_held

    @contextmanager
    def writing(self) -> Iterator[str]:
        """Around everything that stores: what was listed before is no longer true. Yields the name of a new set."""
        self._listing = None
        try:
            yield uuid4().hex[:16]
        except BaseException:
            self._listing = None
            raise

    def write_record(
        self,
        record: BackupRecord,
        content: dict[str, Any],
        *,
        of: str,
        set_id: str,
        kind: str = "",
        is_alone: bool = True,
        more_tags: dict[str, str] | None = None,
    ) -> BackupRecord:
        """Make stored data a backup, and read it back. ``of`` is the snapshot of the data as restic named it.

        ``more_tags`` are what an engine's own list needs beyond everybody's.
        """
        what = f"record backup {of} in {self.repository}"
        tags = record_tags(record, of=of, set_id=set_id, kind=kind, is_alone=is_alone)
        tags.update(more_tags or {})
        text = json.dumps(content)
        own = write_record(self.tool, what, text, tags)
        return self._kept(record, text, of=of, set_id=set_id, own=own, tags=tags)

    def _kept(
        self, record: BackupRecord, text: str, *, of: str, set_id: str, own: str, tags: dict[str, str]
    ) -> BackupRecord:
        """The backup as the repository lists it, now that ``own`` is the snapshot of its record."""
        what = f"record backup {of} in {self.repository}"
        of_data = data_tags(
            stanza=record.stanza,
            engine=record.engine,
            strategy=record.strategy,
            set_id=set_id,
            system=record.system_identifier,
        )
        listing = self._read_back({of: of_data, own: tags}, record.started_at, what) or self.listing(again=True)
        found = listing.find(of)
        if found is None or not found.is_complete:
            raise IntegrityError(
                what,
                cause="it was written, and is not listed",
                next_action="Look at the repository by hand, and take another backup",
                data_state="unknown",
            )
        self.memory.keep_record(self.listing().record_snapshots[found.id], text)
        return found

    def _read_back(self, written: dict[str, dict[str, str]], at: datetime, what: str) -> Listing | None:
        """The list with what was just written, if the repository holds that and what was there before, and no more.

        ``written`` are tags by the beginnings of the names that restic gave.
        """
        shelf, known = self.shelf, self._names
        names = shelf.names() if shelf else None
        if shelf is None or known is None or names is None or not known <= names:
            return None
        new = {each: said for each in names - known for name, said in written.items() if each.startswith(name)}
        if not len(written) == len(new) == len(names - known) or not shelf.holds(set(new)):
            return None
        self._names = names
        self._snapshots = [*self._snapshots, *(snapshot_as_listed(each, said, at) for each, said in new.items())]
        shelf.remember(names, self._snapshots)
        self._listing = self._understood(self._snapshots, what)
        return self._listing

    def drop(self, snapshot: str) -> None:
        """Forget data that did not become a backup. Where that is not allowed, it stays listed as broken off."""
        with suppress(RecoveryError):
            self.tool.require("forget what was broken off", "forget", snapshot)
        self._listing = None

    def content(self, record: BackupRecord, *, is_proof: bool = False) -> dict[str, Any]:
        """What was recorded with a backup beyond its line in the list; read from the repository where it is a proof."""
        what = f"read the record of backup {record.id[:8]} in {self.repository}"
        snapshot = self.listing().record_snapshots.get(record.id)
        if snapshot is None:
            raise RepositoryError(what, cause="it has none", next_action="Use another backup")
        kept = None if is_proof else self.memory.kept_record(snapshot)
        return read_record(self.tool, what, snapshot) if kept is None else understood(kept, what)

    def forget(self, records: list[BackupRecord]) -> None:
        """Remove these backups whole, with the records of ones whose data is gone already."""
        what = f"remove {len(records)} backups from {self.repository}"
        gone = {record.id for record in records}
        with self.memory.alone(what):
            # Whoever chose them looked earlier, and a backup may have been taken since.
            listing = self.listing(again=True)
            kept = [record for record in listing.records if record.id not in gone]
            require_unneeded(gone, kept, what)
            there = [record for record in listing.records if record.id in gone]
            snapshots = [each for record in there for each in listing.snapshots_of(record)] + listing.strays
            try:
                forget_snapshots(self.tool, what, snapshots, self.stanza)
            finally:
                self._listing = None
            self.memory.forget(kept)

    def examine(self, records: list[BackupRecord], *, subset: str | None = None) -> dict[str, Examination]:
        """Read the repository, whole or a share of it, and say what speaks against each of these backups."""
        what = f"read {self.repository}"
        condition = check_repository(self.tool, what, subset=subset)
        listing = self.listing()
        return {record.id: examination(record, condition, listing, subset) for record in records}


def require_unneeded(gone: set[str], kept: list[BackupRecord], what: str) -> None:
    """Raise when something that stays builds on what would go."""
    needing = [record.id[:8] for record in kept if record.is_usable and gone & set(record.chain)]
    if needing:
        raise LeaseError(
            what,
            cause=f"meanwhile backup {', '.join(needing)} was taken, which builds on one of them",
            next_action="Run it again: what goes is chosen anew",
        )


def examination(record: BackupRecord, condition: Condition, listing: Listing, subset: str | None) -> Examination:
    """One backup's part of a check: its own snapshots, and those of everything that it builds on."""
    members = [each for each in listing.records if each.id == record.id or each.id in record.chain]
    snapshots = {snapshot for member in members for snapshot in listing.snapshots_of(member)}
    evidence = {
        "packs_read": condition.packs_read,
        "snapshots_read": condition.snapshots_read,
        "share_read": subset or "100%",
    }
    return Examination([*record.errors, *condition.against(snapshots)], evidence)
