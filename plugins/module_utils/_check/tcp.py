# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether something listens."""

from __future__ import annotations

import socket
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline


class Tcp(Check):
    """A connection can be made."""

    NAME = "tcp"
    OPTIONS: dict[str, Any] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "required": True},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._host: str = options["host"]
        self._port: int = options["port"]

    def observe(self, deadline: Deadline) -> Observation:
        expected = f"{self._host}:{self._port} accepts a connection"
        try:
            with socket.create_connection((self._host, self._port), timeout=max(deadline.remaining, 0.01)):
                return Observation(True, expected, expected)
        except TimeoutError:
            return Observation(False, f"no answer within {deadline.seconds:g} s", expected)
        except OSError as error:
            return Observation(False, str(error.strerror or error), expected)
