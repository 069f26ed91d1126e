# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Holding an application still while it is read: what was quiesced is released, however the reading ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError

# Releasing does not wait for the deadline of the backup: that may be over.
RELEASE_SECONDS = 60.0


@dataclass(frozen=True)
class Hooks:
    """Two commands, as argument lists."""

    quiesce: list[str] = field(default_factory=list)
    release: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, option: dict[str, Any] | None) -> Hooks:
        return cls(list((option or {}).get("quiesce") or []), list((option or {}).get("release") or []))

    @contextmanager
    def held(self, deadline: Deadline) -> Iterator[None]:
        """The application is still inside. A quiesce that failed is released as well: it may have done a half."""
        cause: RecoveryError | None = None
        try:
            if self.quiesce:
                finished = run_tool(self.quiesce, deadline=deadline)
                require_success(finished, "quiesce the application", next_action="Correct hooks.quiesce")
            yield
        except RecoveryError as error:
            cause = error
            raise
        finally:
            self._release(cause)

    def _release(self, cause: RecoveryError | None) -> None:
        if not self.release:
            return
        try:
            finished = run_tool(self.release, deadline=Deadline(RELEASE_SECONDS))
            require_success(
                finished,
                "release the application",
                next_action="Release it by hand now: it may still be held still; then correct hooks.release",
            )
        except RecoveryError as error:
            if cause is None:
                raise
            cause.evidence["release_failed"] = str(error)
