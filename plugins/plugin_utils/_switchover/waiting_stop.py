# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The stop of an old primary, waiting on its host for one word: inside the pause only the word has to travel."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import Session
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import Shell

# How long it may take to have the stop ready on the old primary's host, while the traffic still flows.
PREPARATION_SECONDS = 5.0
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE 'LISTEN%%'"


@dataclass(frozen=True)
class WaitingStop:
    """Started on the host, connected to its database, and listening on a channel named as its application."""

    host: str
    channel: str
    session: Session
    outcome: Future[dict[str, Any]]

    @classmethod
    def begin(
        cls, host: str, channel: str, session: Session, shell: Shell, parameters: Mapping[str, Any], seconds: float
    ) -> WaitingStop:
        waits = seconds + 2 * PREPARATION_SECONDS
        given = {**parameters, "stop_seconds": seconds, "wait_seconds": waits}
        outcome = ThreadPoolExecutor(max_workers=1).submit(shell.call, "database_stop", given)
        return cls(host, channel, session, outcome)

    def wait_ready(self) -> None:
        Deadline(PREPARATION_SECONDS).wait_until(
            f"have the stop ready on {self.host}",
            self.is_ready,
            lambda ready: ready,
            every_seconds=0.005,
            next_action="See whether that host is too busy; nothing was paused",
        )

    def is_ready(self) -> bool:
        if self.outcome.done():
            self.outcome.result()
        return bool(self.session.value(LISTENING, (self.channel,)))

    def act(self) -> dict[str, Any]:
        """Give the word, and say how the database ended."""
        self._tell("stop")
        return self.outcome.result()

    def give_up(self) -> None:
        """Whoever waits for the word is told that it will not come."""
        if not self.outcome.done():
            with suppress(RecoveryError):
                self._tell("give up")
            self.outcome.exception()

    def _tell(self, word: str) -> None:
        self.session.rows("SELECT pg_notify(%s, %s)", (self.channel, word))
