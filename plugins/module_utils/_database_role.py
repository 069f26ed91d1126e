# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The role of a database, as a subject: promoting a standby, or making a server the standby of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import (
    PRIMARY,
    STANDBY,
    Database,
    Upstream,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    FenceError,
    PreconditionError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import read_proof, require_proof


def require_identity(seen: str | None, confirm: str) -> None:
    """The identity from the inventory must be the one that stands here."""
    if seen != confirm:
        raise TimelineError(
            "confirm the identity of the database",
            cause=f"the inventory says system identifier {confirm}, this database is {seen}",
            next_action="Correct the inventory or the host; nothing was touched",
            evidence={"confirm": confirm, "seen": seen},
        )


@dataclass
class PrimaryRole:
    """The local standby is to become the primary; only with the proof that the other side cannot write."""

    database: Database
    confirm: str
    run_id: str
    group: str
    fence_proof: dict[str, Any] | None
    accept_split_brain: str | None
    deadline: Deadline
    seen: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> Description:
        self.seen = self.database.observe()
        return {key: self.seen.get(key) for key in ("state", "system_identifier", "timeline")}

    def plan(self, before: Description) -> Description:
        require_identity(before["system_identifier"], self.confirm)
        if before["state"] == PRIMARY:
            self.require_newer_story(before)
            return before
        if before["state"] != STANDBY:
            raise PreconditionError(
                "promote the database",
                cause=f"it is {before['state']}, not a standby",
                next_action="Start it as a standby first, or restore it",
            )
        if not self.accept_split_brain:
            require_proof(self.fence_proof, run_id=self.run_id, group=self.group, system_identifier=self.confirm)
        return {**before, "state": PRIMARY, "timeline": before["timeline"] + 1}

    def require_newer_story(self, before: Description) -> None:
        """A primary that never left the timeline of the fenced one is the old primary, not the promoted standby."""
        fenced = read_proof(self.fence_proof).timeline if self.fence_proof else None
        if fenced is not None and before["timeline"] <= fenced:
            raise TimelineError(
                "find the database promoted",
                cause=f"it is a primary still on timeline {before['timeline']}, and the fenced one was on {fenced}",
                next_action="See which host is the old primary before anything else is done",
            )

    def apply(self, before: Description, after: Description) -> None:
        if self.fence_proof and read_proof(self.fence_proof).is_rehearsed and not self.accept_split_brain:
            raise FenceError(
                "promote the database",
                cause="the fence proof was made in check mode: nothing was cut",
                next_action="Run the fence for real",
            )
        self.measures = self.database.promote(self.deadline)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "before": before,
            "observed_before": self.seen if before["state"] == PRIMARY else None,
            "fence_proof": self.fence_proof,
            "accept_split_brain": self.accept_split_brain,
            "promotion": self.measures,
        }

    def results(self, after: Description) -> dict[str, Any]:
        return {"database": after, "promotion": self.measures}


@dataclass
class StandbyRole:
    """The local server is to follow ``upstream``; its own data gives way as far as it must."""

    database: Database
    confirm: str
    run_id: str
    upstream: Upstream
    how: str
    deadline: Deadline
    identity: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> Description:
        if not self.identity:
            self.identity = self.database.upstream_state(self.upstream)
        seen = self.database.observe()
        receiver = seen.get("receiver") or {}
        return {
            "state": seen["state"],
            "system_identifier": seen["system_identifier"],
            "timeline": seen["timeline"],
            "upstream": f"{receiver.get('upstream_host')}:{receiver.get('upstream_port')}" if receiver else None,
            "slot": receiver.get("slot"),
            "streaming": receiver.get("status") == "streaming",
        }

    def plan(self, before: Description) -> Description:
        require_identity(self.identity["system_identifier"], self.confirm)
        if before["system_identifier"] is not None:
            require_identity(before["system_identifier"], self.confirm)
        self.refuse_newer(before)
        return {
            "state": STANDBY,
            "system_identifier": self.confirm,
            "timeline": self.identity["timeline"],
            "upstream": f"{self.upstream.host}:{self.upstream.port}",
            "slot": self.upstream.slot,
            "streaming": True,
        }

    def refuse_newer(self, before: Description) -> None:
        """What is newer than the upstream is never given up, and a primary on the same timeline is for a person."""
        local, theirs = before["timeline"], self.identity["timeline"]
        if local is None or local < theirs or (local == theirs and before["state"] != PRIMARY):
            return
        raise TimelineError(
            f"make this database a standby of {self.upstream.host}",
            cause=f"it is {before['state']} on timeline {local}, and the upstream is on timeline {theirs}",
            next_action="Find out which of the two holds the newest data; nothing was touched",
        )

    def apply(self, before: Description, after: Description) -> None:
        self.measures = self.database.rejoin(self.upstream, how=self.how, aside=self.run_id, deadline=self.deadline)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "upstream": self.identity, "rejoin": self.measures}

    def results(self, after: Description) -> dict[str, Any]:
        return {"database": after, "rejoin": self.measures}
