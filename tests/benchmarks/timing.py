"""How long something takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def timed(work: Callable[[], object]) -> float:
    """What one before left to be written to the disk is not this one's to wait for."""
    os.sync()
    began = time.monotonic()
    work()
    return time.monotonic() - began
