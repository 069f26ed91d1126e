# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who asks: the bearer token checked once, the role checked against the plan in one place."""

from __future__ import annotations

from dataclasses import dataclass

from ..database.runs import now
from ..database.tokens import Tokens
from ..errors import NotAllowed, NotAuthenticated
from ..plans import Plan, Role
from .token import is_secret_of, parse_token


@dataclass(frozen=True)
class Actor:
    """Somebody with a valid token."""

    name: str
    role: Role

    def require(self, plan: Plan) -> None:
        """Deny by default: only a role that the plan lists may touch its runs."""
        if self.role not in plan.roles:
            raise NotAllowed(
                f"The plan {plan.name} needs the role {' or '.join(sorted(plan.roles))}; yours is {self.role}.",
                roles=sorted(plan.roles),
            )


def authenticate(authorization: str | None, tokens: Tokens) -> Actor:
    """The actor of an Authorization header; every way of being wrong looks the same from outside."""
    scheme, _space, text = (authorization or "").partition(" ")
    parsed = parse_token(text.strip()) if scheme.lower() == "bearer" else None
    row = tokens.by_prefix(parsed[0]) if parsed else None
    if parsed is None or row is None or not is_secret_of(parsed[1], row.sha256):
        raise NotAuthenticated("Give a valid token: Authorization: Bearer gdr_...")
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now()):
        raise NotAuthenticated("Give a valid token: Authorization: Bearer gdr_...")
    return Actor(row.name, Role(row.role))
