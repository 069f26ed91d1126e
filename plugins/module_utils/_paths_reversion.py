# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What becomes of the former paths after a restore of files in place; the marker of its run knows them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._live_path import LivePath
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import pinned
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_reversion import nothing_restored
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger


def marker_of(engine: Engine, ledger: TrustLedger, run_id: str) -> Path:
    """Where a run that restored paths in place remembers which; they may have changed again since."""
    return ledger.directory / f"restored-{engine.stanza}-{engine.repository.name}-{run_id}.json"


class KeptPaths:
    """A Subject: the paths that one run put in place."""

    def __init__(self, engine: Engine, ledger: TrustLedger, run_id: str | None) -> None:
        if not run_id:
            raise InputError(
                f"find the former paths of stanza {engine.stanza}",
                cause="run_id is missing, and only the run that restored them knows which they are",
                next_action="Set run_id to the run of the restore",
            )
        self.engine = engine
        self.run_id = run_id
        self.marker = marker_of(engine, ledger, run_id)

    def describe(self) -> Description:
        paths = [each["path"] for each in self._swapped()]
        kept = [str(self._live(each).kept) for each in self._swapped() if self._has_kept(each)]
        return {"stanza": self.engine.stanza, "paths": paths, "kept": kept}

    def _swapped(self) -> list[dict[str, Any]]:
        """What changed places and was not put back, in the order in which it did; nothing when that is nothing."""
        try:
            content = json.loads(self.marker.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise ToolError(
                f"read {self.marker}",
                cause=str(error),
                next_action="Look for siblings of the paths with .pre- in their names",
            ) from error
        return [each for each in content["paths"] if each["state"] != "unchanged" and not self._is_back(each)]

    def _live(self, swapped: dict[str, Any]) -> LivePath:
        return LivePath(Path(swapped["path"]), self.run_id)

    def _is_back(self, swapped: dict[str, Any]) -> bool:
        """Whether an earlier call that broke off has put it back: then what is live must not be moved again."""
        return os.path.lexists(self._live(swapped).quarantine) and not self._has_kept(swapped)

    def _has_kept(self, swapped: dict[str, Any]) -> bool:
        return os.path.lexists(self._live(swapped).kept)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "stanza": self.engine.stanza}

    def results(self, after: Description) -> dict[str, Any]:
        return nothing_restored(str(self.engine.live_directory))


class PathsAcknowledgement(KeptPaths):
    """The former paths are to be gone."""

    def plan(self, before: Description) -> Description:
        return {**before, "kept": []}

    def apply(self, before: Description, after: Description) -> None:
        for path in map(Path, before["kept"]):
            with pinned(path.parent, f"remove {path}") as parent:
                kept = parent.place / path.name
                if kept.is_dir() and not kept.is_symlink():
                    shutil.rmtree(kept)
                else:
                    kept.unlink()
                sync_directory(parent.place)


class PathsReversion(KeptPaths):
    """The former paths are to be live again; what the run had put there is set apart."""

    def plan(self, before: Description) -> Description:
        for swapped in self._swapped():
            if swapped["kept"] and not self._has_kept(swapped):
                raise PreconditionError(
                    f"put back what was at {swapped['path']} before the restore",
                    cause=f"{swapped['kept']} is not there any more",
                    next_action="Restore the path from an older backup",
                )
        return {**before, "paths": [], "kept": []}

    def apply(self, before: Description, after: Description) -> None:
        try:
            for swapped in reversed(self._swapped()):
                live = self._live(swapped)
                with pinned(live.path.parent, f"put back what was at {live.path}") as parent:
                    live.put_back(parent)
        except OSError as error:
            raise ToolError(
                f"put back the former paths of stanza {self.engine.stanza}",
                cause=str(error),
                next_action="Look at the paths and their siblings by hand, and call this again",
                data_state="unknown",
            ) from error
        self.marker.unlink(missing_ok=True)
