# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What becomes of the former data after a restore in place: it goes live again, or is acknowledged to be unneeded."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place


class KeptData:
    """A Subject: the former data that a restore in place has kept beside the directory."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self.engine = engine
        self.place = Place(directory, "none")

    def describe(self) -> Description:
        marker = self.place.read_marker() or {}
        kept = str(marker.get("kept") or "")
        is_there = marker.get("is_in_place") is True and bool(kept) and Path(kept).exists()
        return {"directory": str(self.place.directory), "kept": kept if is_there else None}

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "stanza": self.engine.stanza}

    def results(self, after: Description) -> dict[str, Any]:
        nothing: dict[str, Any] = dict.fromkeys(("socket_directory", "port", "target", "backup", "reached"))
        return {**nothing, **after, "extracted": [], "preflight": []}


class Acknowledgement(KeptData):
    """The former data is to be gone."""

    def plan(self, before: Description) -> Description:
        return {**before, "kept": None}

    def apply(self, before: Description, after: Description) -> None:
        shutil.rmtree(before["kept"])
        sync_directory(self.place.directory.parent)


class Reversion(KeptData):
    """The former data is to be live again; what the restore had put there is set apart."""

    def __init__(self, engine: Engine, directory: Path, *, keep_running: bool) -> None:
        super().__init__(engine, directory)
        self.keep_running = keep_running

    def plan(self, before: Description) -> Description:
        if before["kept"] is None:
            raise PreconditionError(
                f"put back what was in {self.place.directory} before the restore",
                cause="no restore in place has kept anything there",
                next_action="Look for a sibling of the directory with .pre- in its name",
            )
        return {**before, "kept": None}

    def apply(self, before: Description, after: Description) -> None:
        directory = self.place.directory
        place = Place(directory, str(before["kept"]).rpartition(".pre-")[2])
        self.engine.stop(directory)
        place.put_back()
        place.marker.unlink(missing_ok=True)
        if self.keep_running:
            self.engine.reopen(directory)
