# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is it alive, is it ready, what is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Response

from .. import __version__
from ..database.runs import RunFilter
from ..plans import PLANS
from ..schemas import Health, RunView, ServiceStatus
from .request import ActorHere, ServiceHere

open_router = APIRouter(tags=["health"])
router = APIRouter(tags=["health"])


@open_router.get("/")
def show_links() -> dict[str, str]:
    """Where to go from here."""
    return {
        "runs": "/api/v1/runs",
        "plans": "/api/v1/plans",
        "inventories": "/api/v1/inventories",
        "status": "/api/v1/status",
        "description": "/openapi.json",
        "documentation": "/docs",
    }


@open_router.get("/livez")
def show_life() -> Health:
    """The process answers."""
    return Health(status="up")


@open_router.get("/readyz", responses={503: {"model": Health}})
def show_readiness(service: ServiceHere, response: Response) -> Health:
    """Records, directories, follower and collection are in order; 503 names what is not."""
    problems = service.problems()
    response.status_code = 503 if problems else 200
    return Health(status="down" if problems else "up", problems=problems)


@router.get("/status")
def show_status(service: ServiceHere, actor: ActorHere) -> ServiceStatus:
    """Show what runs now and how each plan ended last."""
    problems = service.problems()
    last = {plan: service.runs.page(RunFilter(plan=plan), before_id=None, limit=1) for plan in PLANS}
    return ServiceStatus(
        version=__version__,
        status="down" if problems else "up",
        problems=problems,
        active_runs=[RunView.of(run) for run in service.runs.active()],
        last_runs={plan: RunView.of(runs[0]) for plan, runs in last.items() if runs},
    )
