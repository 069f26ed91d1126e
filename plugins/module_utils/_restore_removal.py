# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Removing a copy that was restored beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_reversion import nothing_restored


class Removal:
    """A Subject: a copy that was restored beside is to be gone."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self.engine = engine
        self.place = Place(directory, "removal")

    def describe(self) -> Description:
        directory = self.place.directory
        return {
            "directory": str(directory),
            "state": "present" if directory.exists() else "absent",
            "is_running": self.engine.is_running(directory),
        }

    def plan(self, before: Description) -> Description:
        if before["state"] == "absent":
            return before
        marker = self.place.read_marker()
        if marker is None or marker.get("is_in_place") is not False:
            raise PreconditionError(
                f"remove {self.place.directory}",
                cause="it was not put there by a restore beside",
                next_action="Remove it by hand if you are sure",
            )
        return {**before, "state": "absent", "is_running": False}

    def apply(self, before: Description, after: Description) -> None:
        self.engine.stop(self.place.directory)
        self.place.remove()

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before}

    def results(self, after: Description) -> dict[str, Any]:
        return nothing_restored(str(self.place.directory))
