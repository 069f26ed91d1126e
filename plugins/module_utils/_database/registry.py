# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The database engines. Adding one is a file beside this one and a line in the table."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import Database
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.postgresql import PostgreSQL
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

DATABASES: dict[str, type[Database]] = {
    PostgreSQL.NAME: PostgreSQL,
}


def database_argument_spec() -> dict[str, Any]:
    """The option ``engine`` of every module about a database."""
    return {"engine": union_spec(DATABASES, required=True)}


def database_of(engine: dict[str, Any]) -> Database:
    """The database that the option ``engine`` names."""
    member, options = chosen(DATABASES, engine, option="engine")
    return member(options)
