# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Reading a journal: every whole line, and a count of those that a crash or a full disk cut off; pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

Line = dict[str, Any]


def read_lines(text: str) -> tuple[list[Line], int]:
    """The lines of a journal in their order, and how many could not be read."""
    lines: list[Line] = []
    unreadable = 0
    for written in text.split("\n"):
        if not written.strip():
            continue
        line = _read_line(written)
        if line is None:
            unreadable += 1
        else:
            lines.append(line)
    return lines, unreadable


def as_epoch(at: str) -> float:
    """Seconds since the epoch of an instant as the journal writes it."""
    return datetime.fromisoformat(at).timestamp()


def _read_line(written: str) -> Line | None:
    try:
        line = json.loads(written)
        as_epoch(line["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return line if isinstance(line, dict) and line.get("event") else None
