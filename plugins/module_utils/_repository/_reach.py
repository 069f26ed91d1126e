# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether something listens at an address."""

from __future__ import annotations

import socket

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Probe

CONNECT_SECONDS = 3.0


def probe_port(host: str, port: int) -> Probe:
    """A TCP connection, opened and closed; the room behind it cannot be asked this way."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return Probe(reachable=True, free_bytes=None, observed=f"{host}:{port} accepts connections")
    except OSError as error:
        return Probe(reachable=False, free_bytes=None, observed=f"{host}:{port}: {error}")
