# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every route needs of its request: the service, and who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from ..access.actor import Actor, authenticate
from ..service import Service

# Only tells the API description that a bearer token is wanted; the check is ours.
_bearer = HTTPBearer(auto_error=False, description="gdr_<prefix>_<secret>")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceHere = Annotated[Service, Depends(_service)]


def _actor(request: Request, service: ServiceHere, _declared: Annotated[object, Depends(_bearer)]) -> Actor:
    actor = authenticate(request.headers.get("authorization"), service.tokens)
    request.state.actor = actor.name
    return actor


ActorHere = Annotated[Actor, Depends(_actor)]
