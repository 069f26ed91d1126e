# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listening: on a socket that was passed in, or on the configured address; loopback unless told otherwise."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import uvicorn

from .app import create_app
from .errors import SettingsError
from .service import Service
from .settings import Settings

_FIRST_PASSED = 3


def passed_socket(environment: Mapping[str, str]) -> socket.socket | None:
    """The listening socket of a supervisor that opened it for us (LISTEN_FDS), if there is one."""
    count = environment.get("LISTEN_FDS")
    if count is None or environment.get("LISTEN_PID", str(os.getpid())) != str(os.getpid()):
        return None
    if count != "1":
        raise SettingsError(
            f"LISTEN_FDS={count} is not usable: exactly one listening socket is taken, as descriptor 3."
        )
    try:
        passed = socket.socket(fileno=_FIRST_PASSED)
    except OSError as error:
        raise SettingsError(f"LISTEN_FDS=1 is set, but descriptor 3 is no socket: {error}.") from error
    passed.set_inheritable(False)
    return passed


def own_socket(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=128)
    except OSError as error:
        raise SettingsError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}."
            " Correct DISASTER_RECOVERY_HOST or DISASTER_RECOVERY_PORT."
        ) from error


def serve(settings: Settings) -> None:
    """Serve until told to stop. Runs go on without us."""
    listening = passed_socket(os.environ) or own_socket(settings)
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    service = Service(settings)
    configuration = uvicorn.Config(
        create_app(service), log_level="warning", access_log=False, timeout_graceful_shutdown=2, server_header=False
    )
    print(f"Listening on {listening.getsockname()}", flush=True)
    uvicorn.Server(configuration).run(sockets=[listening])
