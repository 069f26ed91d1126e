# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cursors: opaque to the caller, a place in the order to us."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import urlencode

from ..errors import InvalidInput

_PLACE = re.compile(r"^[0-9a-f-]{36}$")


def cursor_of(run_id: str) -> str:
    return base64.urlsafe_b64encode(run_id.encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        place = ""
    if not _PLACE.match(place):
        raise InvalidInput(
            "cursor: use the one that a page gave.", errors=[{"field": "cursor", "message": "is not ours"}]
        )
    return place


def link(path: str, **query: object) -> str:
    return f"{path}?{urlencode({key: value for key, value in query.items() if value is not None})}"
