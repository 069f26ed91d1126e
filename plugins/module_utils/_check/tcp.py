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
    """A connection can be made, or, where silence is expected, cannot."""

    NAME = "tcp"
    OPTIONS: dict[str, Any] = {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "required": True},
        "silent": {"type": "bool", "default": False},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._host: str = options["host"]
        self._port: int = options["port"]
        self._is_to_be_silent: bool = options["silent"]

    def observe(self, deadline: Deadline) -> Observation:
        place = f"{self._host}:{self._port}"
        expected = f"{place} {'stays silent' if self._is_to_be_silent else 'accepts a connection'}"
        try:
            with socket.create_connection((self._host, self._port), timeout=max(deadline.remaining, 0.01)):
                accepts, observed = True, f"{place} accepts a connection"
        except TimeoutError:
            accepts, observed = False, f"no answer within {deadline.seconds:g} s"
        except OSError as error:
            accepts, observed = False, str(error.strerror or error)
        return Observation(accepts != self._is_to_be_silent, observed, expected)
