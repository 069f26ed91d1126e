# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors that carry their HTTP status; one handler renders them as problem+json."""

from __future__ import annotations

from typing import Any, ClassVar


class RunnerError(Exception):
    """Something was refused or failed. ``extra`` holds members of the problem beyond the standard ones."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def as_problem(self, instance: str) -> dict[str, Any]:
        return problem(self.status, self.code, self.title, self.detail, instance, **self.extra)


def problem(status: int, code: str, title: str, detail: str, instance: str, **extra: Any) -> dict[str, Any]:
    """A problem document (RFC 9457); the type is a stable URN."""
    return {
        "type": f"urn:gogidix:recovery:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        **extra,
    }


class SettingsError(RunnerError):
    """The service cannot start as it is configured."""

    code = "settings"
    title = "The settings are wrong"


class NotAuthenticated(RunnerError):
    """No token, or one that is not known, expired or revoked."""

    status = 401
    code = "not-authenticated"
    title = "Say who you are"


class NotAllowed(RunnerError):
    """The role of the token does not cover this."""

    status = 403
    code = "not-allowed"
    title = "Your role does not allow this"


class NotFound(RunnerError):
    """There is no such thing."""

    status = 404
    code = "not-found"
    title = "There is no such thing"


class Conflict(RunnerError):
    """The thing is not in a state in which this can be done."""

    status = 409
    code = "conflict"
    title = "Not in this state"


class Busy(RunnerError):
    """Another run holds what this one needs; ``holder`` names it."""

    status = 409
    code = "busy"
    title = "Another run holds what this one needs"


class InvalidInput(RunnerError):
    """A field is unknown, missing or wrong; ``errors`` names each."""

    status = 422
    code = "invalid-input"
    title = "The request is not valid"


class KeyReused(RunnerError):
    """An idempotency key came back with another request."""

    status = 422
    code = "idempotency-key-reused"
    title = "This idempotency key belongs to another request"


class InvalidConfiguration(RunnerError):
    """An inventory or the collection cannot be read; what an operator must repair."""

    status = 500
    code = "invalid-configuration"
    title = "The configuration cannot be read"
