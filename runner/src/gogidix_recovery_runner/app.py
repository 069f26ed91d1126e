# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application: routes, errors and trail around one service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from . import __version__
from .access.trail import Trail
from .api import catalogue, following, health, runs
from .api.problems import install_problems
from .schemas import Problem
from .service import Service

_PROBLEMS = {
    401: "no valid token",
    403: "role not allowed",
    404: "unknown",
    409: "busy or not in this state",
    422: "not valid",
}


def create_app(service: Service) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    app = FastAPI(
        title="Disaster recovery runner",
        summary="Starts recovery plans, follows them, keeps the record.",
        version=__version__,
        lifespan=lifespan,
        license_info={"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
    )
    app.state.service = service
    app.include_router(health.open_router)
    guarded = APIRouter(
        prefix="/api/v1",
        responses={
            status: {
                "description": text,
                "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
            }
            for status, text in _PROBLEMS.items()
        },
    )
    for router in (runs.router, following.router, catalogue.router, health.router):
        guarded.include_router(router)
    app.include_router(guarded)
    install_problems(app)
    app.add_middleware(Trail, audit=service.audit)
    return app
