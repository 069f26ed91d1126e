# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of who may ask, and of who asked for what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..access.token import make_token, sha256_of
from ..errors import Conflict, NotFound
from ..plans import Role
from .models import ApiToken, Audit
from .runs import now
from .session import Database


class Tokens:
    """Reads and writes API tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role, *, lifetime: timedelta | None = None) -> str:
        """Make a token; its text is returned this once and never stored."""
        token, prefix, secret = make_token()
        row = ApiToken(
            prefix=prefix,
            name=name,
            sha256=sha256_of(secret),
            role=role,
            created_at=now(),
            expires_at=None if lifetime is None else now() + lifetime,
        )
        try:
            with self._database.writing() as session:
                session.add(row)
        except IntegrityError as error:
            raise Conflict(f"There is a token named {name!r} already. Choose another name, or revoke it.") from error
        return token

    def revoke(self, name: str) -> None:
        """Take a token's power away; its name is free again, its past stays in the audit log."""
        with self._database.writing() as session:
            row = session.scalar(sa.select(ApiToken).where(ApiToken.name == name))
            if row is None:
                raise NotFound(f"There is no token named {name!r}.")
            row.revoked_at = now()
            row.name = f"{name} (revoked {row.prefix})"

    def by_prefix(self, prefix: str) -> ApiToken | None:
        with self._database.reading() as session:
            return session.get(ApiToken, prefix)

    def all(self) -> list[ApiToken]:
        with self._database.reading() as session:
            return [*session.scalars(sa.select(ApiToken).order_by(ApiToken.name))]


class AuditLog:
    """Attempts and denials, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, **fields: Any) -> None:
        with self._database.writing() as session:
            session.add(Audit(at=now(), **fields))

    def since(self, at: datetime) -> list[Audit]:
        with self._database.reading() as session:
            return [*session.scalars(sa.select(Audit).where(Audit.at >= at).order_by(Audit.seq))]
