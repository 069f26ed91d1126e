# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Comparing a probe's acknowledged orders with those in a database; being unable to is an answer, not a failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.registry import database_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import read_requests
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import unpack
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.reconciliation import reconcile

# The application's clock and the client's are not the same.
_MARGIN = timedelta(seconds=60)


def describe_loss(engine: dict[str, Any], query: str, probe_lines: str) -> dict[str, Any]:
    """What was acknowledged and is missing, or why that cannot be said."""
    try:
        requests = read_requests(unpack(probe_lines))
        first = min((request.at for request in requests), default=None)
        if first is None:
            return unknown("the probe's record is empty")
        since = datetime.fromtimestamp(first, tz=UTC) - _MARGIN
        present = database_of(engine).selected_texts(query, since)
    except (RecoveryError, ValueError) as error:
        return unknown(str(error))
    return {**reconcile(requests, present), "why_not": None}


def unknown(why_not: str) -> dict[str, Any]:
    """Nothing was counted: no figure, rather than one that would pass for a good one."""
    nothing = dict.fromkeys(("acknowledged", "present", "lost", "lost_seconds"))
    return {**nothing, "lost_ids": [], "why_not": why_not}
