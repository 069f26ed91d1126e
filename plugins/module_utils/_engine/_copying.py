# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Copying backups from the repository of one engine to that of another of the same kind; by itself an engine cannot."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository


class Copying:
    """The part of an engine that a second repository needs. ``target`` is an engine of the same kind."""

    NAME: str
    repository: Repository

    def find_copies(self, target: Any, records: list[BackupRecord]) -> dict[str, str]:
        """The backups that the target's repository holds as well, whole, by the name that each has there."""
        raise self._copies_nothing(target)

    def log_of(self, records: list[BackupRecord]) -> list[BackupRecord]:
        """The pieces of the log that go with these backups, where each is kept, and copied, like a backup."""
        return []

    def copy_to(self, target: Any, records: list[BackupRecord]) -> None:
        """Copy backups into the target's repository; what is there already stays, and is not written again."""
        raise self._copies_nothing(target)

    def _copies_nothing(self, target: Any) -> PreconditionError:
        return PreconditionError(
            f"copy backups from {self.repository} to {target.repository}",
            cause=f"{self.NAME} cannot copy backups",
            next_action="Take backups into both repositories",
        )
