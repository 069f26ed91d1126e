# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""An engine whose backups restic keeps: removing, reading and copying them is the same for every kind of data."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import _restic_copy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_repository import (
    RESTIC_REPOSITORIES,
    ResticTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine, Examination
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord


class ResticEngine(Engine):
    """The half of an engine that speaks to the repository. What is in a backup is the other half's."""

    REPOSITORIES: tuple[str, ...] = RESTIC_REPOSITORIES
    REPOSITORY_TOOL: type[RepositoryTool] = ResticTool
    SHARES_DATA: bool = True
    # What knows this engine's snapshots.
    KEEPER: type[Keeper] = Keeper

    keeper: Keeper

    def begin(self) -> None:
        file, jobs = self.configuration_file, self.jobs
        self.keeper = self.KEEPER(self.NAME, self.stanza, self.repository, file, self.deadline, jobs)
        self._notes: list[str] = []

    def forget(self, records: list[BackupRecord]) -> None:
        self.keeper.forget(records)

    def examine(self, records: list[BackupRecord]) -> dict[str, Examination]:
        return self.keeper.examine(records)

    def find_copies(self, target: Any, records: list[BackupRecord]) -> dict[str, str]:
        return _restic_copy.find_copies(self.keeper, target.keeper, records)

    def copy_to(self, target: Any, records: list[BackupRecord]) -> None:
        _restic_copy.copy_to(self.keeper, target.keeper, records)

    @property
    def restore_notes(self) -> list[str]:
        return self._notes
