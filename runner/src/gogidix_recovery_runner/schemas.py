# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of requests and responses; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .database.models import Run, RunEvent, RunStep
from .run_state import RunStatus, Verdict


class RunRequest(BaseModel):
    """A wish to run a plan."""

    model_config = ConfigDict(extra="forbid", strict=True)

    plan: str = Field(description="name of a plan, see /api/v1/plans", max_length=100)
    inventory: str = Field(description="name of an inventory, see /api/v1/inventories", max_length=100)
    parameters: dict[str, Any] = Field(default_factory=dict, description="as the plan's schema says")
    check: bool = Field(default=False, description="try it without changing anything")


class Step(BaseModel):
    """One step of a run."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    play: str
    name: str
    role: str | None
    status: str = Field(description="running, succeeded, failed or interrupted")
    task: str | None = Field(description="the last task that began in it")
    started_at: datetime
    ended_at: datetime | None
    ok: int
    changed: int
    failed: int
    skipped: int
    unreachable: int

    @classmethod
    def of(cls, row: RunStep) -> Step:
        return cls.model_validate(row)


class RunView(BaseModel):
    """One execution of a plan."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    plan: str
    inventory: str
    group: str
    environment: str
    check: bool
    parameters: dict[str, Any]
    status: RunStatus
    verdict: Verdict
    trigger: str
    requested_by: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deadline_at: datetime | None
    cancel_requested_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    rc: int | None
    error: str | None
    rto_seconds: float | None
    rpo_seconds: float | None
    last_event: int
    links: dict[str, str]

    @classmethod
    def of(cls, run: Run) -> RunView:
        values = {name: getattr(run, name) for name in cls.model_fields if hasattr(run, name)}
        return cls(**values, group=run.group_name, check=run.check_mode, links=links_of(run.id))


class RunDetail(RunView):
    """A run with what it holds, its steps and its report."""

    holds: list[str] = []
    steps: list[Step] = []
    report: dict[str, Any] | None = None


class RunPage(BaseModel):
    """Runs, the newest first."""

    runs: list[RunView]
    next: str | None = Field(description="where the next page is; null at the end")


class StepList(BaseModel):
    steps: list[Step]


class Event(BaseModel):
    """What happened, without secrets."""

    model_config = ConfigDict(from_attributes=True)

    counter: int
    uuid: str
    event: str
    created_at: datetime
    play: str | None
    role: str | None
    task: str | None
    host: str | None
    stdout: str
    data: dict[str, Any]

    @classmethod
    def of(cls, row: RunEvent) -> Event:
        return cls.model_validate(row)


class EventPage(BaseModel):
    """Events in their order."""

    events: list[Event]
    next: str | None = Field(description="where more will be; null when the run is over and all was read")


class PlanView(BaseModel):
    """A plan that may be started."""

    name: str
    title: str
    roles: list[str]
    holds: list[str]
    is_startable: bool = Field(description="whether the collection declares its parameters")
    schemas: dict[str, dict[str, Any]] = Field(default_factory=dict, description="parameters, by inventory")


class PlanList(BaseModel):
    plans: list[PlanView]


class InventoryView(BaseModel):
    """An inventory that may be used."""

    name: str
    group: str
    environment: str
    sites: dict[str, dict[str, Any]]
    objectives: dict[str, Any]


class InventoryList(BaseModel):
    inventories: list[InventoryView]
    unreadable: dict[str, str] = Field(default_factory=dict, description="those that cannot be read, and why")


class Health(BaseModel):
    status: str
    problems: list[str] = []


class ServiceStatus(BaseModel):
    """What the service is doing."""

    version: str
    status: str
    problems: list[str]
    active_runs: list[RunView]
    last_runs: dict[str, RunView] = Field(description="the newest run of each plan")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


def links_of(run_id: str) -> dict[str, str]:
    base = f"/api/v1/runs/{run_id}"
    parts = ("steps", "events", "log", "cancel", "acknowledge")
    return {"self": base, **{part: f"{base}/{part}" for part in parts}, "stream": f"{base}/events/stream"}
