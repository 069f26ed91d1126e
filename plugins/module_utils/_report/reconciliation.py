# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Acknowledged against present: which orders a client was promised and the database does not have; pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import Request

_MOST_NAMED = 20


def reconcile(requests: list[Request], present_ids: Collection[str]) -> dict[str, Any]:
    """Counts, the first lost ids, and how far back the loss reaches.

    ``lost_seconds`` is the time from the last acknowledged order that survived before the loss to the last
    acknowledged order that is lost: 0 when nothing is lost, and never 0 when something is.
    """
    acknowledged = [request for request in requests if request.is_good_write and request.id is not None]
    acknowledged.sort(key=lambda request: request.answered_at)
    lost = [request for request in acknowledged if request.id not in present_ids]
    return {
        "acknowledged": len(acknowledged),
        "present": len(acknowledged) - len(lost),
        "lost": len(lost),
        "lost_ids": [request.id for request in lost[:_MOST_NAMED]],
        "lost_seconds": round(_reach(acknowledged, lost), 3),
    }


def _reach(acknowledged: list[Request], lost: list[Request]) -> float:
    if not lost:
        return 0.0
    first_lost, last_lost = lost[0].answered_at, lost[-1].answered_at
    lost_ids = {request.id for request in lost}
    survived = [request.answered_at for request in acknowledged if request.id not in lost_ids]
    since = max((at for at in survived if at <= first_lost), default=lost[0].at)
    return max(last_lost - since, 0.001)
