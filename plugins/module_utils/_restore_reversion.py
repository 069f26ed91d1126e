# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What becomes of the former data after a restore in place: it goes live again, or is acknowledged to be unneeded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place


def nothing_restored(directory: str, kept: str | None = None) -> dict[str, Any]:
    """The return values of a state in which nothing is restored, in the shape that they have after a restore."""
    names = ("socket_directory", "port", "target", "backup", "reached", "changes")
    lists: dict[str, Any] = {name: [] for name in ("extracted", "preflight", "paths", "notes")}
    return {**dict.fromkeys(names), **lists, "directory": directory, "kept": kept}


class KeptData:
    """A Subject: what a restore in place put into the directory, and the former data that it kept beside it.

    With ``run_id`` only what that run put there counts, so that an undo takes back its own and nothing else.
    """

    def __init__(self, engine: Engine, directory: Path, *, run_id: str | None = None) -> None:
        self.engine = engine
        self.place = Place(directory, run_id or "none")
        self.run_id = run_id

    def describe(self) -> Description:
        marker = self.place.read_marker() or {}
        by_run = (marker.get("identity") or {}).get("run_id")
        is_there = marker.get("is_in_place") is True and self.run_id in (None, by_run)
        kept = str(marker.get("kept") or "") if is_there else ""
        return {
            "directory": str(self.place.directory),
            "kept": kept if kept and Path(kept).exists() else None,
            "is_restored": is_there,
        }

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "stanza": self.engine.stanza}

    def results(self, after: Description) -> dict[str, Any]:
        return nothing_restored(after["directory"], after["kept"])


class Acknowledgement(KeptData):
    """The former data is to be gone."""

    def plan(self, before: Description) -> Description:
        return {**before, "kept": None}

    def apply(self, before: Description, after: Description) -> None:
        self.place.drop_kept(Path(before["kept"]))


class Reversion(KeptData):
    """The former data is to be live again; what the restore had put there is set apart."""

    def __init__(self, engine: Engine, directory: Path, *, keep_running: bool, run_id: str | None = None) -> None:
        super().__init__(engine, directory, run_id=run_id)
        self.keep_running = keep_running

    def plan(self, before: Description) -> Description:
        # A run that put its data where nothing was has kept nothing; its undo leaves nothing there.
        if before["kept"] is None and (self.run_id is None or before["is_restored"] and self._has_kept):
            raise PreconditionError(
                f"put back what was in {self.place.directory} before the restore",
                cause="no restore in place has kept anything there",
                next_action="Look for a sibling of the directory with .pre- in its name",
            )
        return {**before, "kept": None, "is_restored": False}

    @property
    def _has_kept(self) -> bool:
        return bool((self.place.read_marker() or {}).get("kept"))

    def apply(self, before: Description, after: Description) -> None:
        directory = self.place.directory
        run_id = str(before["kept"]).rpartition(".pre-")[2] if before["kept"] else self.place.run_id
        place = Place(directory, run_id)
        self.engine.stop(directory)
        place.put_back()
        place.marker.unlink(missing_ok=True)
        if self.keep_running:
            self.engine.reopen(directory)
