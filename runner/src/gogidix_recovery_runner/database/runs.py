# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of runs: created with their locks in one transaction, moved only along the table of transitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..errors import Busy, Conflict, KeyReused, NotFound
from ..run_state import ACTIVE, RELEASES_LOCKS, RunStatus, may_become
from .models import Run, RunLock
from .session import Database


def now() -> datetime:
    return datetime.now(tz=UTC)


@dataclass(frozen=True)
class RunFilter:
    """Which runs are asked for; what is None does not filter."""

    status: str | None = None
    plan: str | None = None
    inventory: str | None = None
    group: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        equal = {
            Run.status: self.status,
            Run.plan: self.plan,
            Run.inventory: self.inventory,
            Run.group_name: self.group,
        }
        conditions = [column == value for column, value in equal.items() if value is not None]
        if self.since is not None:
            conditions.append(Run.queued_at >= self.since)
        if self.until is not None:
            conditions.append(Run.queued_at < self.until)
        return conditions


class Runs:
    """Reads and writes runs and what they hold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, run: Run, resources: list[str], prepare: Callable[[], None]) -> tuple[Run, bool]:
        """Record a queued run that holds its resources, or raise Busy; the second value says whether it is new.

        ``prepare`` lays down the run's directory inside the transaction: no record without it.
        """
        known = self._same_request(run)
        if known is not None:
            return known, False
        try:
            with self._database.writing() as session:
                session.add(run)
                session.flush()
                for resource in resources:
                    session.add(RunLock(resource=resource, run_id=run.id, acquired_at=run.queued_at))
                    session.flush()
                prepare()
        except IntegrityError as error:
            known = self._same_request(run)
            if known is not None:
                return known, False
            raise self._busy(resources) from error
        return run, True

    def _same_request(self, run: Run) -> Run | None:
        """The run that this idempotency key of this actor already started, if its request was the same."""
        if run.idempotency_key is None:
            return None
        with self._database.reading() as session:
            known = session.scalar(
                sa.select(Run).where(Run.requested_by == run.requested_by, Run.idempotency_key == run.idempotency_key)
            )
        if known is not None and known.idempotency_hash != run.idempotency_hash:
            raise KeyReused("Use a new Idempotency-Key for a new request.", run=known.id)
        return known

    def _busy(self, resources: list[str]) -> Busy:
        with self._database.reading() as session:
            lock = session.scalar(sa.select(RunLock).where(RunLock.resource.in_(resources)).order_by(RunLock.resource))
            holder = session.get(Run, lock.run_id) if lock else None
        if lock is None or holder is None:
            return Busy("The holder has just ended. Try again.", holder=None, resource=None)
        remedy = "Acknowledge it" if holder.status == RunStatus.LOST else "Wait for it, or cancel it"
        return Busy(
            f"{lock.resource} is held by run {holder.id} ({holder.plan}, {holder.status}). {remedy}.",
            resource=lock.resource,
            holder={"id": holder.id, "plan": holder.plan, "status": holder.status, "href": f"/api/v1/runs/{holder.id}"},
        )

    def get(self, run_id: str) -> Run:
        with self._database.reading() as session:
            return _found(session, run_id)

    def page(self, wanted: RunFilter, *, before_id: str | None, limit: int) -> list[Run]:
        """Newest first; ids sort by time."""
        query = sa.select(Run).where(*wanted.conditions()).order_by(Run.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(Run.id < before_id)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def active(self) -> list[Run]:
        query = sa.select(Run).where(Run.status.in_(sorted(ACTIVE))).order_by(Run.id)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def locks_of(self, run_id: str) -> list[str]:
        query = sa.select(RunLock.resource).where(RunLock.run_id == run_id).order_by(RunLock.resource)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def change(self, run_id: str, fields: Mapping[str, Any], *, to: RunStatus | None = None) -> Run:
        """Write fields and, with ``to``, move the run; its locks go in the same transaction as its end."""
        with self._database.writing() as session:
            run = _found(session, run_id)
            move(session, run, fields, to=to)
            return run

    def request_cancel(self, run_id: str, actor: str) -> Run:
        """Remember who wants it to stop; a run that did not start yet ends here and now."""
        with self._database.writing() as session:
            run = _found(session, run_id)
            if run.status not in ACTIVE:
                raise Conflict(f"The run is {run.status}; only an active run can be cancelled.", run_status=run.status)
            asked = {"cancel_requested_at": run.cancel_requested_at or now(), "cancel_requested_by": actor}
            if run.status == RunStatus.RUNNING:
                move(session, run, asked)
            else:
                move(session, run, {**asked, "ended_at": now()}, to=RunStatus.CANCELLED)
            return run

    def acknowledge(self, run_id: str, actor: str) -> Run:
        """A person has looked at a lost run: what it held is free again."""
        with self._database.writing() as session:
            run = _found(session, run_id)
            if run.status != RunStatus.LOST:
                raise Conflict(f"The run is {run.status}; only a lost run is acknowledged.", run_status=run.status)
            if run.acknowledged_at is None:
                move(session, run, {"acknowledged_at": now(), "acknowledged_by": actor})
            session.execute(sa.delete(RunLock).where(RunLock.run_id == run_id))
            return run


def _found(session: Session, run_id: str) -> Run:
    run = session.get(Run, run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id!r}.")
    return run


def move(session: Session, run: Run, fields: Mapping[str, Any], *, to: RunStatus | None = None) -> None:
    """Change a run inside a transaction; refuses a transition that the table does not know."""
    for name, value in fields.items():
        setattr(run, name, value)
    if to is None:
        return
    if not may_become(RunStatus(run.status), to):
        raise Conflict(f"A run that is {run.status} cannot become {to}.", run_status=run.status)
    run.status = to
    if to in RELEASES_LOCKS:
        session.execute(sa.delete(RunLock).where(RunLock.run_id == run.id))
