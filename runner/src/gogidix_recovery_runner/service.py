# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's acts on runs: check what is asked, record it, hand it to the follower. No HTTP here."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from .database.events import Events
from .database.models import Run
from .database.runs import Runs, now
from .database.session import Database
from .database.tokens import AuditLog, Tokens
from .errors import InvalidConfiguration, NotFound, SettingsError
from .execution import launch
from .execution.follow import Follower
from .execution.run_directory import RunDirectory
from .inventories import Inventories, Inventory
from .parameters import Schema, check_parameters, masked, read_specs, schema_of, secrets_of
from .plans import PLANS, Plan, plan_named, resources
from .run_state import RunStatus, Verdict
from .settings import Settings


@dataclass(frozen=True)
class Order:
    """What somebody asks for."""

    plan: str
    inventory: str
    parameters: dict[str, Any]
    check: bool

    def fingerprint(self, shown: dict[str, Any]) -> str:
        """Over what may be stored only: a hash of a short secret would give it away."""
        text = json.dumps([self.plan, self.inventory, shown, self.check], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Requester:
    """Who asks, and how to tell a repetition from a second wish."""

    actor: str
    request_id: str | None = None
    idempotency_key: str | None = None


class Service:
    """All parts of the service, wired once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._guard: IO[str] | None = None
        for directory in (settings.data_directory, settings.runs_directory, settings.journal_directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database = Database(settings.database_url)
        self.runs = Runs(self.database)
        self.events = Events(self.database)
        self.tokens = Tokens(self.database)
        self.audit = AuditLog(self.database)
        self.inventories = Inventories(settings)
        self.follower = Follower(settings, self.runs, self.events)

    def start(self) -> None:
        """Become the one that follows; refuses when another process already does (SQLite)."""
        if self.settings.is_single_process:
            self._guard = lock_alone(self.settings.data_directory / "service.lock")
        self.database.migrate()
        self.follower.start()

    def stop(self) -> None:
        self.follower.stop()
        self.database.close()
        if self._guard is not None:
            self._guard.close()

    def schema(self, plan: Plan, inventory: Inventory) -> Schema:
        specs = read_specs(self.settings)
        if plan.name not in specs:
            raise NotFound(
                f"The collection declares no parameters for the plan {plan.name!r}, so it cannot be started."
            )
        return schema_of(specs[plan.name], inventory)

    def startable(self) -> list[str]:
        """The plans for which the collection declares parameters."""
        try:
            specs = read_specs(self.settings)
        except InvalidConfiguration:
            return []
        return [name for name in PLANS if name in specs]

    def submit(self, order: Order, requester: Requester) -> tuple[Run, bool]:
        """Check, record and queue a run; the second value says whether it is new."""
        plan, inventory = plan_named(order.plan), self.inventories.get(order.inventory)
        schema = self.schema(plan, inventory)
        check_parameters(order.parameters, schema, inventory)
        run = self._record(plan, inventory, order, requester, masked(order.parameters, schema))
        held = resources(plan, inventory.group, list(inventory.sites), order.parameters, check=order.check)
        prepare = self._preparation(run, inventory, order.parameters, secrets_of(order.parameters, schema))
        kept, is_new = self.runs.create(run, held, prepare)
        self.follower.wake()
        return kept, is_new

    def _record(
        self, plan: Plan, inventory: Inventory, order: Order, requester: Requester, shown: dict[str, Any]
    ) -> Run:
        seconds = self.settings.failover_timeout_seconds if plan.moves else self.settings.recovery_timeout_seconds
        return Run(
            id=new_run_id(),
            plan=plan.name,
            inventory=inventory.name,
            group_name=inventory.group,
            environment=inventory.environment,
            check_mode=order.check,
            parameters=shown,
            status=RunStatus.QUEUED,
            verdict=Verdict.NOT_RUN,
            trigger="api",
            executor="local",
            requested_by=requester.actor,
            request_id=requester.request_id,
            idempotency_key=requester.idempotency_key,
            idempotency_hash=order.fingerprint(shown) if requester.idempotency_key else None,
            queued_at=now(),
            deadline_at=now() + timedelta(seconds=seconds),
            last_event=0,
            events_offset=0,
        )

    def _preparation(
        self, run: Run, inventory: Inventory, parameters: dict[str, Any], secret: list[str]
    ) -> Callable[[], None]:
        deadline_at = run.deadline_at or now()

        def prepare() -> None:
            launch.prepare(
                self.settings,
                self.directory(run.id),
                run_id=run.id,
                plan=run.plan,
                inventory=inventory.path,
                check=run.check_mode,
                parameters=parameters,
                secrets=secret,
                deadline_at=deadline_at.timestamp(),
            )

        return prepare

    def cancel(self, run_id: str, actor: str) -> Run:
        run = self.runs.request_cancel(run_id, actor)
        if run.status == RunStatus.CANCELLED:
            self.directory(run_id).purge()
        self.follower.wake()
        return run

    def acknowledge(self, run_id: str, actor: str) -> Run:
        return self.runs.acknowledge(run_id, actor)

    def directory(self, run_id: str) -> RunDirectory:
        return self.follower.directory_of(run_id)

    def problems(self) -> list[str]:
        """Why the service is not ready; empty when it is."""
        found = []
        try:
            self.runs.active()
        except Exception as error:  # whatever the driver says: not ready
            found.append(f"the records cannot be read: {type(error).__name__}")
        if not os.access(self.settings.runs_directory, os.W_OK):
            found.append(f"{self.settings.runs_directory} cannot be written")
        if time.monotonic() - self.follower.beat_at > 10:
            found.append("the follower does not move")
        if not self.startable():
            found.append(f"no plans of {self.settings.collection} are found below {self.settings.collections_path}")
        return found


def new_run_id() -> str:
    """A UUID of version 7: it sorts by time."""
    milliseconds = int(time.time() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def lock_alone(path: Path) -> IO[str]:
    """Hold the data directory; the lock goes with the process, however it ends."""
    file = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise SettingsError(
            f"Another service already works on {path.parent}. Stop it, or let both use PostgreSQL"
            " (DISASTER_RECOVERY_DATABASE_URL)."
        ) from error
    return file
