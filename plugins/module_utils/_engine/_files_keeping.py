# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Keeping backups of files, whose records are begun before all is known that a list of them tells.

restic reads the tags of a snapshot when it starts. What is known later stands inside the record, together with what
the records before it say: so the newest one tells a host that knows nothing yet about all of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    MARK,
    record_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import (
    INSIDE,
    MEMBER,
    TAG,
    Figures,
    early_tags,
    figures_in,
    figures_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import (
    BegunRecord,
    begun_record,
    record_text,
    write_record,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    RecoveryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


class FilesKeeper(Keeper):
    """A keeper that remembers what stands in records; what it has not seen yet, it reads from the repository."""

    # By set; None as long as nobody looked what this host knows.
    _known: dict[str, Figures] | None = None

    def begun_record(self, record: BackupRecord, *, set_id: str, kind: str = "") -> AbstractContextManager[BegunRecord]:
        """Begin to write a record, of which the figures need not be known yet."""
        return begun_record(self.tool, early_tags(record_tags(record, of="", set_id=set_id, kind=kind)))

    def finish_record(
        self,
        begun: BegunRecord,
        record: BackupRecord,
        content: dict[str, Any],
        *,
        of: str,
        set_id: str,
        kind: str = "",
    ) -> BackupRecord:
        """Make stored data a backup by the rest of its record, and read it back. Otherwise as ``write_record``."""
        what = f"record backup {of} in {self.repository}"
        full, tags = record_tags(record, of=of, set_id=set_id, kind=kind), begun.tags
        self._known = {**(self._known or {}), set_id: figures_of(full)}
        own = begun.store({**content, MEMBER: self._known}, what)
        if own is None:
            begun.give_up()
            own, tags = write_record(self.tool, what, begun.text, full), full
        return self._kept(record, begun.text, of=of, set_id=set_id, own=own, tags=tags)

    def _asked(self, what: str) -> list[dict[str, Any]]:
        """A host that knows nothing yet reads the newest record beside the list."""
        self._known = self.memory.kept_figures() if self._known is None else self._known
        if self._known is not None:
            return super()._asked(what)
        tool = self.tool
        with ThreadPoolExecutor(max_workers=1) as beside:
            newest = beside.submit(self._newest, tool, what)
            listed = super()._asked(what)
        self._known = newest.result()
        return listed

    def _newest(self, tool: Restic, what: str) -> dict[str, Figures]:
        """What the newest record tells. Where it cannot be read now, that is told when it is missed."""
        only = f"{MARK},stanza={self.stanza},engine={self.engine},{TAG}={INSIDE}"
        try:
            return figures_in(record_text(tool, what, "latest", "--tag", only), what)
        except RecoveryError:
            return {}

    def _figures(self, listed: list[dict[str, Any]], what: str) -> dict[str, Figures]:
        kept = self.memory.kept_figures()
        known = {**(kept or {}), **(self._known or {})}
        wanted = self._told_inside(listed)
        for set_id, snapshot in wanted.items():
            if set_id not in known:
                known.update(self._read_figures(snapshot, what))
        self._known = {set_id: known[set_id] for set_id in wanted if set_id in known}
        if self._known != kept:
            self.memory.keep_figures(self._known)
        return self._known

    def _told_inside(self, listed: list[dict[str, Any]]) -> dict[str, str]:
        """The records whose figures stand inside, by set, the newest first."""
        marks = {f"engine={self.engine}", f"{TAG}={INSIDE}"}
        ours = [each for each in listed if marks <= set(each.get("tags") or [])]
        ours.sort(key=lambda each: str(each.get("time", "")), reverse=True)
        # All tags need not be read for it.
        named = ((str(each.get("id")), tag) for each in ours for tag in each["tags"])
        return {tag.partition("=")[2]: identifier for identifier, tag in named if tag.startswith("set=")}

    def _read_figures(self, snapshot: str, what: str) -> dict[str, Figures]:
        """What one record tells; nothing when it is damaged, which is then told of its backup."""
        kept = self.memory.kept_record(snapshot)
        try:
            text = record_text(self.tool, what, snapshot) if kept is None else kept
            return figures_in(text, what)
        except IntegrityError:
            return {}
