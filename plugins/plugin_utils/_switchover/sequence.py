# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The order of a switchover. Read ``Switchover.run`` from top to bottom: that is what happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import (
    LEVEL_ASSUMED,
    LEVEL_SERVICE_DOWN,
    FenceProof,
    Occasion,
    utc_now,
    utc_text,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pair import Pair
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pooler import Pooler

Item = TypeVar("Item")

# The dead-man acts this much later than the promotion's guard ends, so that the two can never both happen.
GUARD_MARGIN_SECONDS = 2.0
# How long the poolers may wait for running transactions, as a share of the pause.
PAUSE_SHARE = 0.4
PUT_BACK_SECONDS = 30.0


@dataclass
class Switchover:
    """All pairs pause and stop first; promotion starts only when every pair has caught up."""

    pairs: list[Pair]
    poolers: list[Pooler]
    group: str
    sites: dict[str, str]
    run_id: str
    seconds: float
    valid_seconds: float
    steps: list[dict[str, Any]] = field(default_factory=list)
    pause_ms: float | None = None
    promote_ms: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def everything(self) -> list[Pair | Pooler]:
        return [*self.pairs, *self.poolers]

    def step(self, name: str, act: Callable[[Item], Any], items: Iterable[Item]) -> None:
        """Do one thing to all of them at the same time; the first error is raised when all have ended."""
        started, at = time.monotonic(), utc_text(utc_now())
        listed = list(items)
        with ThreadPoolExecutor(max_workers=max(1, len(listed))) as pool:
            futures = [pool.submit(act, item) for item in listed]
        errors = [error for error in (future.exception() for future in futures) if error]
        self.steps.append(
            {"step": name, "at": at, "ms": round((time.monotonic() - started) * 1000, 1), "ok": not errors}
        )
        if errors:
            raise errors[0]

    def observe(self) -> None:
        """Open everything and look; nothing is changed."""
        self.step("open", lambda item: item.open(), self.everything)
        self.step("observe", lambda item: item.observe(), self.everything)

    @property
    def is_done(self) -> bool:
        """Every target writes already and no source is seen to: an earlier call came this far."""
        return all(
            pair.before["source"]["in_recovery"] is not False
            and not pair.before["target"]["in_recovery"]
            and pair.before["target"]["system_identifier"] == pair.system_identifier
            for pair in self.pairs
        )

    def require_ready(self) -> None:
        for item in self.everything:
            item.require_ready()

    def run(self) -> dict[str, Any]:
        """The whole critical section."""
        self.prepare()
        try:
            self.arm()
            paused_at = time.monotonic()
            self.step("pause", lambda pooler: pooler.pause(Deadline(self.seconds * PAUSE_SHARE)), self.poolers)
            self.step("stop", lambda pair: pair.stop_source(), self.pairs)
            self.step("catch up", lambda pair: pair.wait_caught_up(Deadline(self.seconds)), self.pairs)
            promoted_at = time.monotonic()
            self.step("order promotion", lambda pair: pair.order_promotion(), self.pairs)
        except BaseException as error:
            raise self.put_back(error) from error
        return self.go_forward(paused_at, promoted_at)

    def prepare(self) -> None:
        """Everything that can be done while the traffic still flows."""
        self.step("checkpoint", lambda pair: pair.prepare_checkpoint(pair.target_session), self.pairs)
        self.step("checkpoint of the source", lambda pair: pair.prepare_checkpoint(pair.source_session), self.pairs)
        self.step("slot", lambda pair: self.try_slot(pair.hold_slot), self.pairs)

    def try_slot(self, act: Callable[[], None]) -> None:
        """Without the right to make it the switch goes on: it only saves a later clone."""
        try:
            act()
        except ToolError as error:
            self.notes.append(f"no slot for the old primary was made: {error.cause}")

    def arm(self) -> None:
        """Everything that is ready comes first: the guard's time runs from the arming on."""
        dead_man_seconds = self.seconds + GUARD_MARGIN_SECONDS
        self.step("quicken", lambda pair: pair.quicken(), self.pairs)
        self.step("have the stop ready", lambda pair: pair.ready_stop(self.seconds), self.pairs)
        self.step("arm", lambda item: item.arm(dead_man_seconds), self.everything)
        self.step("ease", lambda pooler: pooler.ease(), self.poolers)

    def go_forward(self, paused_at: float, promoted_at: float) -> dict[str, Any]:
        """From the order on there is no way back: whatever fails now is reported with the new primary live."""
        try:
            self.step("promote", lambda pair: pair.wait_promoted(Deadline(PUT_BACK_SECONDS)), self.pairs)
            self.promote_ms = milliseconds(promoted_at)
            self.step("resume", lambda pooler: pooler.release(), self.poolers)
            self.pause_ms = milliseconds(paused_at)
            proofs = {pair.name: pair.prove() for pair in self.pairs}
            self.step("keep the slot", lambda pair: self.try_slot(pair.keep_slot), self.pairs)
            self.step("put settings back", lambda pair: pair.put_settings_back(), self.pairs)
            self.step("disarm", lambda item: item.finish(), self.everything)
        except RecoveryError as error:
            error.data_state = "new_live"
            error.retry_safe = False
            error.evidence.update({"steps": self.steps, "promotion_ordered": True})
            raise
        return self.evidence(proofs)

    def put_back(self, error: BaseException) -> BaseException:
        """Undo everything that was begun, last first; what cannot be undone is named in the error."""
        if any(pair.promotion_ordered for pair in self.pairs):
            # Some pairs were ordered: giving an old primary back could make two. This is for a person.
            return self.failure(error, ["some pairs were already ordered to promote"], data_state="unknown")
        undone: list[str] = []
        acts: list[tuple[str, Callable[[], None]]] = [
            ("give the old primaries back", lambda: self.step("give back", self.give_back_pair, self.pairs)),
            ("give the traffic back", lambda: self.step("resume", lambda pooler: pooler.give_back(), self.poolers)),
            ("put the settings back", lambda: self.step("settings", lambda pair: pair.put_settings_back(), self.pairs)),
        ]
        for name, act in acts:
            try:
                act()
            except Exception as failure:
                undone.append(f"{name}: {failure}")
        return self.failure(error, undone, data_state="old_live" if not undone else "unknown")

    def give_back_pair(self, pair: Pair) -> None:
        pair.give_back()
        pair.wait_source_writes(Deadline(PUT_BACK_SECONDS))

    def failure(self, error: BaseException, undone: list[str], *, data_state: str) -> BaseException:
        if not isinstance(error, RecoveryError):
            return error
        state = f"Not put back: {'; '.join(undone)}" if undone else "Everything was put back, the old primary writes"
        return type(error)(
            error.what,
            cause=error.cause,
            next_action=f"{state}. {error.next_action}",
            code=error.error_code,
            data_state=data_state,
            retry_safe=not undone,
            evidence={**error.evidence, "steps": self.steps, "not_put_back": undone, "before": self.before()},
        )

    def before(self) -> dict[str, Any]:
        return {
            "pairs": {pair.name: pair.before for pair in self.pairs},
            "poolers": {pooler.host: pooler.before for pooler in self.poolers},
        }

    def evidence(self, after: dict[str, Any]) -> dict[str, Any]:
        return {
            "before": self.before(),
            "after": after,
            "stopped": {pair.name: pair.stopped for pair in self.pairs},
            "pause_ms": self.pause_ms,
            "promote_ms": self.promote_ms,
            "steps": self.steps,
            "notes": self.notes,
        }

    def fence_proofs(self, *, is_rehearsed: bool) -> dict[str, Any]:
        """A cleanly stopped old primary, its start disabled, able to come up as a standby only: that is level 2."""
        return {pair.name: self.fence_proof(pair, is_rehearsed=is_rehearsed).as_dict() for pair in self.pairs}

    def fence_proof(self, pair: Pair, *, is_rehearsed: bool) -> FenceProof:
        source = pair.before["source"]
        occasion = Occasion(
            site=self.sites[pair.source.host],
            run_id=self.run_id,
            group=self.group,
            system_identifier=pair.system_identifier,
            timeline=pair.stopped.get("timeline") or source["timeline"],
            valid_seconds=self.valid_seconds,
        )
        if is_rehearsed:
            return occasion.proof(level=LEVEL_ASSUMED, method="switchover", evidence={}, checked=True)
        # Stopped by this call, or seen as a standby by it; a source that is merely silent proves nothing.
        level = LEVEL_SERVICE_DOWN if pair.stopped or source["in_recovery"] else LEVEL_ASSUMED
        return occasion.proof(level=level, method="switchover", evidence=pair.stopped or {"observed": source})


def milliseconds(since: float) -> float:
    return round((time.monotonic() - since) * 1000, 1)
