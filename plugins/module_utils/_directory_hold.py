# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Holding a directory: a hold ends with its process, so what a dead one left is told from what lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError


@contextmanager
def held(directory: Path, what: str) -> Iterator[None]:
    """Hold it, under whatever name it goes meanwhile; somebody else's hold is a LeaseError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseError(
                what, cause=f"another process works in {directory}", next_action="Wait until it has ended"
            ) from error
        yield
    finally:
        os.close(descriptor)


def is_held(directory: Path) -> bool:
    """Whether a living process works in it; what is not there is held by nobody."""
    try:
        with held(directory, f"see who works in {directory}"):
            return False
    except LeaseError:
        return True
    except FileNotFoundError:
        return False
