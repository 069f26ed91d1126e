# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Holding an application still while it is read: what was quiesced is released, however the reading ends."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_dead_man import DeadMan
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
        """The application is still inside. A quiesce that failed is released as well: it may have done a half.

        Should this process be killed inside, another one releases it.
        """
        if not self.release:
            self._run_quiesce(deadline, {})
            yield
            return
        cause: RecoveryError | None = None
        dead_man = DeadMan.armed(self._run_release, shlex.join(self.release))
        try:
            self._run_quiesce(deadline, dead_man.environment)
            dead_man.say_quiesced()
            yield
        except RecoveryError as error:
            cause = error
            raise
        finally:
            self._release(cause, dead_man)

    def _run_quiesce(self, deadline: Deadline, environment: dict[str, str]) -> None:
        if self.quiesce:
            finished = run_tool(self.quiesce, deadline=deadline, environment=environment)
            require_success(finished, "quiesce the application", next_action="Correct hooks.quiesce")

    def _release(self, cause: RecoveryError | None, dead_man: DeadMan) -> None:
        failure: RecoveryError | None = None
        try:
            self._run_release()
        except RecoveryError as error:
            failure = error
        # A failure is told to whoever reads the result, and is theirs: a later try could reach into the next backup.
        dead_man.say_released()
        if failure is None:
            return
        if cause is None:
            raise failure
        cause.evidence["release_failed"] = str(failure)

    def _run_release(self) -> None:
        finished = run_tool(self.release, deadline=Deadline(RELEASE_SECONDS))
        require_success(
            finished,
            "release the application",
            next_action="Release it by hand now: it may still be held still; then correct hooks.release",
        )
