# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trail around every request: an id for it, and an audit row for each attempt to change and each denial."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..database.tokens import AuditLog

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,100}$")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_log = logging.getLogger("gogidix_recovery_runner")


def outcome_of_status(status: int) -> str:
    if status in (401, 403):
        return "denied"
    if status >= 500:
        return "failed"
    return "refused" if status >= 400 else "accepted"


class Trail:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, audit: AuditLog) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _REQUEST_ID.match(asked) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        seen: dict[str, Any] = {"status": 500, "location": None}

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                seen.update(status=message["status"], location=headers.get("location"))
                # Before the answer leaves: who has the answer can rely on the row.
                await self._record(scope, request_id, seen)
            await send(message)

        await self._app(scope, receive, send_on)

    async def _record(self, scope: Scope, request_id: str, seen: dict[str, Any]) -> None:
        outcome = outcome_of_status(seen["status"])
        if scope["method"] in _SAFE_METHODS and outcome != "denied":
            return
        client = scope.get("client")
        try:
            await run_in_threadpool(
                self._audit.add,
                actor=scope["state"].get("actor", "nobody"),
                address=client[0] if client else None,
                request_id=request_id,
                action=f"{scope['method']} {_ID.sub('{id}', scope['path'])}"[:255],
                object=scope["path"][:2000],
                outcome=outcome,
                detail={key: value for key, value in seen.items() if value is not None},
            )
        except Exception:  # the act is done; that its row is missing must at least be seen
            _log.exception("Request %s could not be written to the audit log", request_id)
