# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables, as SQLAlchemy knows them; made by the migrations, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Instants are UTC: SQLite forgets the zone, so it is taken off before and put on after."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {
        datetime: UtcDateTime(),
        dict[str, Any]: sa.JSON(none_as_null=True),
        str: sa.String(255),
    }


class Run(Base):
    """One execution of a plan."""

    __tablename__ = "run"
    __table_args__ = (
        sa.UniqueConstraint("requested_by", "idempotency_key", name="run_idempotency"),
        sa.Index("run_status", "status", "id"),
        sa.Index("run_group", "group_name", "id"),
    )

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    plan: Mapped[str]
    inventory: Mapped[str]
    group_name: Mapped[str]
    environment: Mapped[str]
    check_mode: Mapped[bool]
    parameters: Mapped[dict[str, Any]]
    status: Mapped[str]
    verdict: Mapped[str]
    trigger: Mapped[str]
    executor: Mapped[str]
    requested_by: Mapped[str]
    request_id: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    idempotency_hash: Mapped[str | None]
    parent_run_id: Mapped[str | None]
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    pid: Mapped[int | None]
    pid_start_time: Mapped[int | None] = mapped_column(sa.BigInteger)
    rc: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
    rto_seconds: Mapped[float | None]
    rpo_seconds: Mapped[float | None]
    report: Mapped[dict[str, Any] | None]
    last_event: Mapped[int] = mapped_column(default=0)
    events_offset: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class RunLock(Base):
    """A resource that a run holds; the primary key is the exclusion."""

    __tablename__ = "run_lock"

    resource: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("run.id"), index=True)
    acquired_at: Mapped[datetime]


class RunStep(Base):
    """One step of a run, drawn from its events and refined by its journal."""

    __tablename__ = "run_step"

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    play: Mapped[str]
    name: Mapped[str]
    role: Mapped[str | None]
    status: Mapped[str]
    task: Mapped[str | None] = mapped_column(sa.Text)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ok: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    unreachable: Mapped[int] = mapped_column(default=0)


class RunEvent(Base):
    """One event of a run, without secrets."""

    __tablename__ = "run_event"
    __table_args__ = (sa.UniqueConstraint("run_id", "uuid", name="run_event_uuid"),)

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("run.id"), primary_key=True)
    counter: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    event: Mapped[str]
    created_at: Mapped[datetime]
    play: Mapped[str | None]
    role: Mapped[str | None]
    task: Mapped[str | None] = mapped_column(sa.Text)
    host: Mapped[str | None]
    stdout: Mapped[str] = mapped_column(sa.Text)
    data: Mapped[dict[str, Any]]


class ApiToken(Base):
    """A bearer token; only the hash of its secret is kept."""

    __tablename__ = "api_token"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Audit(Base):
    """One attempt to change something, or one denial. The chain of hashes is left open for now."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    address: Mapped[str | None]
    request_id: Mapped[str]
    action: Mapped[str]
    object: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str]
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[str | None]
    hash: Mapped[str | None]
