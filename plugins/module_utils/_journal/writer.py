# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Appending to a journal: whole lines only, durable where it is asked for."""

from __future__ import annotations

import json
import os
import stat
import time
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc


class JournalFile:
    """The open journal of one run. Every method raises OSError when the disk says no; the caller decides."""

    def __init__(self, directory: str, run_id: str) -> None:
        os.makedirs(directory, mode=0o750, exist_ok=True)
        self.path = os.path.join(directory, f"{run_id}.jsonl")
        self._run_id = run_id
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._seq, self._torn = self._found()

    def append(self, line: dict[str, Any], *, durable: bool) -> None:
        """Write one line; a line that was cut off before (a full disk) is closed first."""
        moment = time.time()
        numbered = {
            "run_id": self._run_id,
            "seq": self._seq,
            "at": as_utc(moment),
            "monotonic": round(time.monotonic(), 6),
            **line,
        }
        data = (
            (b"\n" if self._torn else b"") + json.dumps(numbered, separators=(",", ":"), default=str).encode() + b"\n"
        )
        self._torn = True
        while data:
            data = data[os.write(self._descriptor, data) :]
        self._torn = False
        self._seq += 1
        if durable:
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)

    def _found(self) -> tuple[int, bool]:
        """How many lines stand there already (a run that is continued), and whether the last one is cut off."""
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            return 0, False
        count, last = 0, b"\n"
        while chunk := os.read(self._descriptor, 1 << 20):
            count += chunk.count(b"\n")
            last = chunk[-1:]
        return count, last != b"\n"
