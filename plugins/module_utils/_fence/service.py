# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Fencing by the service: the database is down for certain, does not start at boot, and can come up as standby only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.registry import (
    DATABASES,
    database_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import FenceMethod, Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import LEVEL_SERVICE_DOWN
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import union_spec

# Clients wait meanwhile. Half of it is for a clean end; a server that is killed has lost nothing either.
STOP_SECONDS = 8.0


class ServiceFence(FenceMethod):
    """Runs on the database host, as the owner of the data."""

    NAME = "service"
    OPTIONS = {"engine": union_spec(DATABASES, required=True)}
    LEVEL = LEVEL_SERVICE_DOWN
    PLACE = Place.DATABASE_HOST
    USER = "postgres"

    def __init__(self, options: dict[str, Any], *, site: str, members: list[str]) -> None:
        super().__init__(options, site=site, members=members)
        self.database = database_of(options["engine"])

    @classmethod
    def order_of(cls, pair: Mapping[str, Any], pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        return {"engine": pair["engine"]}

    def observe(self) -> Description:
        return self.database.service_state()

    def cut(self, before: Description, deadline: Deadline) -> None:
        self.database.cut_off(Deadline(min(STOP_SECONDS, deadline.remaining)))

    def release(self, before: Description, deadline: Deadline) -> None:
        self.database.release(deadline)
