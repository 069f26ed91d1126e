# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of what happened in runs: events and steps, written exactly once from the run's own log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..execution.steps import advance
from .models import Run, RunEvent, RunStep
from .session import Database


class Events:
    """Reads and writes events and steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run_id: str, events: list[dict[str, Any]], *, offset: int) -> None:
        """Store events, the steps they make, and how far the log was read, in one transaction."""
        with self._database.writing() as session:
            run = session.get_one(Run, run_id)
            steps = list(session.scalars(sa.select(RunStep).where(RunStep.run_id == run_id).order_by(RunStep.seq)))
            for event in events:
                session.add(_row(run_id, event))
                run.last_event = max(run.last_event, int(event["counter"]))
                for step in advance(run_id, steps, event):
                    session.add(step)
            run.events_offset = offset

    def after(self, run_id: str, counter: int, limit: int) -> list[RunEvent]:
        query = (
            sa.select(RunEvent)
            .where(RunEvent.run_id == run_id, RunEvent.counter > counter)
            .order_by(RunEvent.counter)
            .limit(limit)
        )
        with self._database.reading() as session:
            return list(session.scalars(query))

    def steps(self, run_id: str) -> list[RunStep]:
        query = sa.select(RunStep).where(RunStep.run_id == run_id).order_by(RunStep.seq)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def last_failure(self, run_id: str) -> str | None:
        """What the last failed task said."""
        query = (
            sa.select(RunEvent)
            .where(RunEvent.run_id == run_id, RunEvent.event.in_(("runner_on_failed", "runner_on_unreachable")))
            .order_by(RunEvent.counter.desc())
        )
        with self._database.reading() as session:
            for event in session.scalars(query):
                if not event.data.get("ignored"):
                    said = (event.data.get("res") or {}).get("msg", "no reason given")
                    return f"{said}"[:4000]
        return None

    def close_steps(self, run_id: str, at: datetime) -> None:
        """A run that ended leaves no step running: what did not finish was interrupted."""
        with self._database.writing() as session:
            session.execute(
                sa.update(RunStep)
                .where(RunStep.run_id == run_id, RunStep.ended_at.is_(None))
                .values(status="interrupted", ended_at=at)
            )


def _row(run_id: str, event: dict[str, Any]) -> RunEvent:
    return RunEvent(
        run_id=run_id,
        counter=event["counter"],
        uuid=event["uuid"],
        event=event["event"],
        created_at=datetime.fromisoformat(event["created"]),
        play=_short(event.get("play")),
        role=_short(event.get("role")),
        task=event.get("task"),
        host=_short(event.get("host")),
        stdout=event.get("stdout", ""),
        data=event.get("data") or {},
    )


def _short(text: str | None) -> str | None:
    return None if text is None else text[:255]
