# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The newest backup that this host saw in a repository, whatever its tool. Losing it fails nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import remove_durably, write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, RepositoryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import parse_instant, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


@dataclass(frozen=True)
class LastSeen:
    """One repository, or one stanza in it, under a name of its own in a directory of this host."""

    directory: Path
    name: str

    @property
    def seen_file(self) -> Path:
        return self.directory / f"{self.name}.seen"

    def require_not_older(self, records: list[BackupRecord], what: str) -> None:
        """A repository that lost its newest backup was emptied, made anew, or replaced by an older copy."""
        try:
            seen = json.loads(self.seen_file.read_text(encoding="utf-8"))
            identifier, at = str(seen["id"]), parse_instant(str(seen["stopped_at"]), option="stopped_at")
        except (OSError, ValueError, KeyError, TypeError, InputError):
            return
        if any(record.id == identifier or record.stopped_at > at for record in records):
            return
        raise RepositoryError(
            what,
            cause=f"backup {identifier} of {written(at)}, which was here, is gone, and nothing newer is there:"
            " the repository was emptied, made anew, or replaced by an older copy",
            next_action=f"See what became of it; if it is meant to be so, remove {self.seen_file}",
            evidence={"last_seen": identifier, "stopped_at": written(at)},
        )

    def remember(self, records: list[BackupRecord]) -> None:
        """Keep the newest whole backup in mind; where nothing can be kept, nothing is."""
        whole = [record for record in records if record.is_complete]
        if whole:
            text = json.dumps({"id": whole[-1].id, "stopped_at": written(whole[-1].stopped_at)})
            with suppress(OSError):
                if not self.seen_file.exists() or self.seen_file.read_text(encoding="utf-8") != text:
                    write_durably(self.seen_file, text)

    def forget(self, left: list[BackupRecord]) -> None:
        """Backups were removed on purpose: only what is left is to be expected."""
        with suppress(OSError):
            remove_durably(self.seen_file)
        self.remember(left)
