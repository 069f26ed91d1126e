# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every error as problem+json."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..errors import RunnerError, problem

_log = logging.getLogger("gogidix_recovery_runner")
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed"}


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def _respond(document: dict[str, Any], headers: dict[str, str] | None = None) -> ProblemResponse:
    return ProblemResponse(document, status_code=document["status"], headers=headers)


def _of_ours(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RunnerError)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.code == "busy":
        headers["Retry-After"] = "5"
    return _respond(error.as_problem(request.url.path), headers)


def _of_validation(request: Request, error: Exception) -> ProblemResponse:
    """Fields and messages only: the values themselves may be secret."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": ".".join(str(part) for part in found["loc"] if part != "body") or "body", "message": found["msg"]}
        for found in error.errors()
    ]
    detail = f"{errors[0]['field']}: {errors[0]['message']}."
    return _respond(problem(422, "invalid-input", "The request is not valid", detail, request.url.path, errors=errors))


def _of_http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "http")
    document = problem(error.status_code, code, str(error.detail), str(error.detail), request.url.path)
    return _respond(document, dict(error.headers or {}))


def _of_anything(request: Request, error: Exception) -> ProblemResponse:
    _log.error("Request %s failed", getattr(request.state, "request_id", "?"), exc_info=error)
    detail = "The service's log has the cause under this request's id."
    return _respond(problem(500, "internal", "The service failed", detail, request.url.path))


def install_problems(app: FastAPI) -> None:
    app.add_exception_handler(RunnerError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_anything)
