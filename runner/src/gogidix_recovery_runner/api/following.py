# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following a run: its events by counter, the live stream, and the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from ..database.models import Run
from ..run_state import FINAL
from ..schemas import Event, EventPage, RunView
from ..service import Service
from .paging import link
from .request import ActorHere, ServiceHere

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"])
_EVERY_SECONDS = 0.25
_BATCH = 500
_LAST_ID = Header(alias="Last-Event-ID", ge=0, description="the counter of the last event that was seen")


@router.get("/events")
def list_events(
    run_id: str,
    service: ServiceHere,
    actor: ActorHere,
    after: Annotated[int, Query(ge=0, description="the counter of the last event that was seen")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> EventPage:
    """List events after a counter, in their order."""
    run = service.runs.get(run_id)
    found = service.events.after(run_id, after, limit)
    last = found[-1].counter if found else after
    is_all = run.status in FINAL and last >= run.last_event
    following = None if is_all else link(f"/api/v1/runs/{run_id}/events", after=last, limit=limit)
    return EventPage(events=[Event.of(row) for row in found], next=following)


async def _run(run_id: str, service: ServiceHere) -> Run:
    return await run_in_threadpool(service.runs.get, run_id)


async def _new_events(service: Service, run_id: str, counter: int) -> AsyncIterator[ServerSentEvent]:
    """All events after a counter, until the run is over and everything was sent; then the run itself, once."""
    shown_status = None
    while True:
        # The state first: events that come after it was read are sent in the next round.
        run = await run_in_threadpool(service.runs.get, run_id)
        rows = await run_in_threadpool(service.events.after, run_id, counter, _BATCH)
        for row in rows:
            counter = row.counter
            yield ServerSentEvent(event="event", id=str(counter), data=Event.of(row))
        if rows:
            continue
        if run.status in FINAL:
            yield ServerSentEvent(event="end", data=RunView.of(run))
            return
        if run.status != shown_status:
            shown_status = run.status
            yield ServerSentEvent(event="run", data=RunView.of(run))
        await asyncio.sleep(_EVERY_SECONDS)


@router.get("/events/stream", response_class=EventSourceResponse)
async def stream_events(
    run_id: str,
    response: Response,
    service: ServiceHere,
    actor: ActorHere,
    last_event_id: Annotated[int, _LAST_ID] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """Follow a run live: `run` when its status changes, `event` for each event, `end` with the ended run."""
    async for event in _new_events(service, run_id, last_event_id):
        yield event


@router.get("/log", response_class=PlainTextResponse)
def show_log(run_id: str, service: ServiceHere, actor: ActorHere) -> PlainTextResponse:
    """Show what the plan printed, without secrets."""
    service.runs.get(run_id)
    log = service.directory(run_id).log
    return PlainTextResponse(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")
