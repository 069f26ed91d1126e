# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Positions in the transaction log as PostgreSQL writes them (``0/5000060``); pure."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


def parse_lsn(text: str) -> int:
    """The position as a number of bytes."""
    high, slash, low = str(text).partition("/")
    try:
        if not slash:
            raise ValueError(text)
        return (int(high, 16) << 32) + int(low, 16)
    except ValueError as error:
        raise InputError(
            f"read the log position {text!r}",
            cause="it is not of the form 0/5000060",
            next_action="Give the position as PostgreSQL prints it",
        ) from error


def bytes_behind(ahead: str, behind: str) -> int:
    """How many bytes ``behind`` has still to receive; never below zero."""
    return max(0, parse_lsn(ahead) - parse_lsn(behind))


def furthest(*positions: str | None) -> str | None:
    """The furthest of the positions that are known."""
    known = [position for position in positions if position]
    return max(known, key=parse_lsn) if known else None
