# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The end of a probe's record, read from the back: the record may have grown for months."""

from __future__ import annotations

import os
import time
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import read_requests
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import pack

_CHUNK_BYTES = 1 << 18
MOST_BYTES = 64 << 20


def describe_record(path: str, since: float) -> dict[str, Any]:
    """The lines since an instant, and further back to the good write before it; a missing record is an answer too."""
    try:
        text = read_back(path, since)
    except OSError as error:
        why_not = f"{path}: {error.strerror or error}"
        return {"available": False, "why_not": why_not, "record": pack(""), "lines": 0, "now": time.time()}
    return {
        "available": True,
        "why_not": None,
        "record": pack(text),
        "lines": text.count("\n"),
        "now": time.time(),
    }


def read_back(path: str, since: float) -> str:
    """Whole lines from the end, until a good write older than ``since`` has been seen."""
    with open(path, "rb") as record:
        position = record.seek(0, os.SEEK_END)
        read = b""
        while position > 0 and len(read) < MOST_BYTES:
            length = min(_CHUNK_BYTES, position)
            position -= length
            record.seek(position)
            chunk = record.read(length)
            read = chunk + read
            if _has_good_write_before(_whole_lines(chunk, position), since):
                break
    return _whole_lines(read, position)


def _whole_lines(read: bytes, position: int) -> str:
    """Without the cut-off first line (unless the file begins here) and without the one being written."""
    begin = 0 if position == 0 else read.find(b"\n") + 1
    return read[begin : read.rfind(b"\n") + 1].decode(errors="replace")


def _has_good_write_before(text: str, since: float) -> bool:
    return any(request.is_good_write and request.answered_at < since for request in read_requests(text))
