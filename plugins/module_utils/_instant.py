# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Instants: always UTC, always with their zone written out."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


def now() -> datetime:
    return datetime.now(UTC)


def from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def written(instant: datetime) -> str:
    """ISO 8601 in UTC with a Z; fractions of a second only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(text: str, *, option: str) -> datetime:
    """An instant out of an option; without a zone it names a different moment on every host, so it is refused."""
    what = f"read the option {option}"
    try:
        parsed = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError as error:
        raise InputError(
            what,
            cause=f"{text!r} is not an ISO 8601 instant",
            next_action=f"Give {option} as in 2026-03-29T02:15:00+00:00",
        ) from error
    if parsed.tzinfo is None:
        raise InputError(
            what,
            cause=f"{text!r} has no zone, so it is not one moment",
            next_action=f"Add the zone, as in {text.strip()}+00:00 or {text.strip()}Z",
        )
    return parsed.astimezone(UTC)
