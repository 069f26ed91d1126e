# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a repository would take the next backup: every act a tool needs of it, done once and named."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import RepositoryTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Finding
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    RecoveryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import (
    NOT_OBSERVED,
    Protection,
    Store,
)

PROBE_BYTES = 4096


@dataclass(frozen=True)
class Limits:
    """From when on a repository is no longer healthy."""

    minimum_free_bytes: int = 0
    maximum_latency_seconds: float = 5.0
    maximum_age_seconds: float | None = None
    minimum_certificate_days: float = 7.0


@dataclass
class Health:
    """What was found, in the order in which it was looked at; the first error decides the kind of the failure."""

    findings: list[Finding] = field(default_factory=list)
    errors: list[RecoveryError] = field(default_factory=list)
    latency_seconds: float | None = None
    newest_at: str | None = None
    protection: Protection = field(default_factory=Protection)

    @property
    def is_healthy(self) -> bool:
        return all(finding.passed for finding in self.findings)

    def add(self, check: str, passed: bool, observed: str, required: str) -> bool:
        self.findings.append(Finding(check, passed, observed, required))
        return passed

    def as_result(self) -> dict[str, Any]:
        return {
            "checks": [finding.as_result() for finding in self.findings],
            "latency_seconds": self.latency_seconds,
            "newest_object_at": self.newest_at,
            "protection": self.protection.as_result(),
        }


class Examination:
    """One examination of one repository."""

    def __init__(self, tool: RepositoryTool, limits: Limits) -> None:
        self.repository = tool.repository
        self.tool = tool
        self.limits = limits
        self.health = Health()
        self._seconds: list[float] = []
        self._is_reachable = False

    def run(self) -> Health:
        """Look at all of it; what cannot be looked at because of what failed before counts as failed."""
        self._look_at_the_place()
        store = self._open_store()
        if store is None and not self.health.errors and self._is_reachable:
            self._act("lock", "its tool writes and removes a lock", self.tool.write_and_remove)
        if store is not None:
            self._probe(store)
            self._look_at_its_certificate(store)
            self._look_at_its_age(store)
            self._look_at_its_protection(store)
        self._look_at_latency()
        self._open_with_its_tool()
        return self.health

    def _look_at_the_place(self) -> None:
        ready = self._act("declared", "it is what it is declared to be", self.repository.require_ready)
        seen = self.repository.probe() if ready else None
        if seen is None:
            return
        self._is_reachable = self.health.add("reachable", seen.reachable is True, seen.observed, "it answers")
        minimum = self.limits.minimum_free_bytes
        if seen.free_bytes is not None or minimum:
            observed = NOT_OBSERVED if seen.free_bytes is None else f"{seen.free_bytes} bytes are free"
            is_enough = seen.free_bytes is not None and seen.free_bytes >= max(minimum, 1)
            self.health.add("free_space", is_enough, observed, f"at least {minimum} bytes")

    def _open_store(self) -> Store | None:
        if self.health.errors or not self._is_reachable:
            return None
        store: list[Store | None] = []
        self._act(
            "configured",
            "this user can read the tool's configuration",
            lambda: store.append(self.repository.open_store(self.tool.secrets()) or self.tool.open_store()),
        )
        return store[0] if store else None

    def _probe(self, store: Store) -> None:
        """Write, list, read back and remove a small object; each of the four may be refused by itself."""
        name, content = f"recovery-probe-{secrets.token_hex(8)}", secrets.token_hex(PROBE_BYTES // 2).encode()
        self._act("list", "what is there can be listed", lambda: store.list(self.tool.root), timed=True)
        if not self._act("write", "a new object is accepted", lambda: store.put(name, content), timed=True):
            return
        self._act("read_back", "it comes back as it was written", lambda: _same(store.get(name), content), timed=True)
        if self.repository.declared.is_immutable:
            self._remove_from_what_forbids_it(store, name)
        else:
            self._act("delete", "it can be removed again", lambda: store.delete(name), timed=True)

    def _remove_from_what_forbids_it(self, store: Store, name: str) -> None:
        """In a place that is declared immutable a refusal is what is wanted; a version that stays behind is as well."""
        try:
            store.delete(name)
        except RecoveryError as error:
            self.health.add("delete", True, f"refused: {error.cause}", "it is refused, or a version stays behind")
            return
        self.health.add("delete", True, "accepted; see the check immutable", "it is refused, or a version stays behind")

    def _look_at_its_certificate(self, store: Store) -> None:
        days = store.certificate_days()
        if days is not None:
            minimum = self.limits.minimum_certificate_days
            self.health.add("certificate", days >= minimum, f"valid for {days} days", f"at least {minimum:g} days")

    def _look_at_its_age(self, store: Store) -> None:
        limit = self.limits.maximum_age_seconds
        try:
            newest = max((one.modified_at for one in store.list(self.tool.newest_prefix)), default=None)
        except RecoveryError:
            newest = None  # the check list has told why
        self.health.newest_at = None if newest is None else written(newest)
        if limit is not None:
            age = None if newest is None else (now() - newest).total_seconds()
            observed = "nothing is there" if age is None else f"{age:.0f} s old"
            self.health.add("newest_object", age is not None and age <= limit, observed, f"at most {limit:g} s old")

    def _look_at_its_protection(self, store: Store) -> None:
        self.health.protection = store.observed_protection()
        if self.repository.declared.is_immutable:
            seen, days = self.health.protection, max(self.repository.declared.retention.get("keep_days", 1), 1)
            is_locked = seen.is_immutable is True and (seen.retention_days or 0) >= days
            self.health.add("immutable", is_locked, seen.observed, f"locked for {days} days at least, as declared")

    def _look_at_latency(self) -> None:
        if self._seconds:
            slowest, limit = max(self._seconds), self.limits.maximum_latency_seconds
            self.health.latency_seconds = round(slowest, 3)
            self.health.add("latency", slowest <= limit, f"{slowest:.3f} s for the slowest act", f"at most {limit:g} s")

    def _open_with_its_tool(self) -> None:
        """Last, because a tool goes on trying for long what the acts above have shown to be in vain."""
        if self.health.errors or not self._is_reachable:
            self.health.add("opened", False, "not tried after what failed before", "its tool opens it with its key")
            return
        self._act("opened", "its tool opens it with its key", self._require_open)

    def _require_open(self) -> None:
        if self.tool.identity() is None:
            raise PreconditionError(
                f"open {self.repository}",
                cause="nothing was ever begun there",
                next_action="Initialise it, or find out who removed what was there",
            )

    def _act(self, check: str, required: str, act: Callable[[], Any], *, timed: bool = False) -> bool:
        started = time.monotonic()
        try:
            act()
        except RecoveryError as error:
            self.health.errors.append(error)
            return self.health.add(check, False, error.cause, required)
        seconds = time.monotonic() - started
        if timed:
            self._seconds.append(seconds)
        return self.health.add(check, True, f"done in {seconds:.3f} s", required)


def _same(seen: bytes, wanted: bytes) -> None:
    if seen != wanted:
        raise IntegrityError(
            "read back what was written",
            cause=f"{len(seen)} other bytes came back for {len(wanted)}",
            next_action="Keep no backup there until its store is repaired",
            data_state="unknown",
        )
