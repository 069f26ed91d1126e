# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs: start, list, show, cancel, acknowledge."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from ..database.runs import RunFilter
from ..plans import PLANS, plan_named
from ..run_state import RunStatus
from ..schemas import RunDetail, RunPage, RunRequest, RunView, Step, StepList, links_of
from ..service import Order, Requester
from .paging import cursor_of, link, place_of
from .request import ActorHere, ServiceHere

router = APIRouter(prefix="/runs", tags=["runs"])
_KEY = Header(alias="Idempotency-Key", min_length=1, max_length=200, description="the same key is the same run")


@router.post("", status_code=202)
def start_run(
    wanted: RunRequest,
    request: Request,
    response: Response,
    service: ServiceHere,
    actor: ActorHere,
    idempotency_key: Annotated[str | None, _KEY] = None,
) -> RunView:
    """Start a run of a plan. 409 names the run that holds what this one needs."""
    actor.require(plan_named(wanted.plan))
    order = Order(wanted.plan, wanted.inventory, wanted.parameters, wanted.check)
    run, is_new = service.submit(order, Requester(actor.name, request.state.request_id, idempotency_key))
    response.headers["Location"] = links_of(run.id)["self"]
    response.headers["Retry-After"] = "1"
    response.headers["Idempotency-Replayed"] = "false" if is_new else "true"
    return RunView.of(run)


@router.get("")
def list_runs(
    service: ServiceHere,
    actor: ActorHere,
    status: RunStatus | None = None,
    plan: str | None = None,
    inventory: str | None = None,
    group: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunPage:
    """List runs, the newest first."""
    wanted = RunFilter(status, plan, inventory, group, since, until)
    found = service.runs.page(wanted, before_id=place_of(cursor), limit=limit + 1)
    following = None
    if len(found) > limit:
        following = link(
            "/api/v1/runs",
            status=status,
            plan=plan,
            inventory=inventory,
            group=group,
            since=since and since.isoformat(),
            until=until and until.isoformat(),
            limit=limit,
            cursor=cursor_of(found[limit - 1].id),
        )
    return RunPage(runs=[RunView.of(run) for run in found[:limit]], next=following)


@router.get("/{run_id}")
def show_run(run_id: str, service: ServiceHere, actor: ActorHere) -> RunDetail:
    """Show a run with its steps, what it holds, and the plan's report."""
    run = service.runs.get(run_id)
    steps = [Step.of(step) for step in service.events.steps(run_id)]
    view = RunView.of(run).model_dump()
    return RunDetail(**view, holds=service.runs.locks_of(run_id), steps=steps, report=run.report)


@router.get("/{run_id}/steps")
def list_steps(run_id: str, service: ServiceHere, actor: ActorHere) -> StepList:
    """List the steps of a run in their order."""
    service.runs.get(run_id)
    return StepList(steps=[Step.of(step) for step in service.events.steps(run_id)])


@router.post("/{run_id}/cancel", status_code=202)
def cancel_run(run_id: str, response: Response, service: ServiceHere, actor: ActorHere) -> RunView:
    """Stop a run: its whole process tree is ended, which is then observed; the run ends as cancelled."""
    actor.require(PLANS[service.runs.get(run_id).plan])
    run = service.cancel(run_id, actor.name)
    response.headers["Location"] = links_of(run.id)["self"]
    response.headers["Retry-After"] = "1"
    return RunView.of(run)


@router.post("/{run_id}/acknowledge")
def acknowledge_run(run_id: str, service: ServiceHere, actor: ActorHere) -> RunView:
    """Say that a person has looked at what a lost run left; what it held is free again."""
    actor.require(PLANS[service.runs.get(run_id).plan])
    return RunView.of(service.acknowledge(run_id, actor.name))
