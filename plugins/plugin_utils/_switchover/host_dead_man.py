# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every verb on a host shares: the dead-man and who may stop it, the question who writes, and replacing a file."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

Parameters = dict[str, Any]

# How long the dead-man goes on asking when neither database says that it writes.
PATIENCE_SECONDS = 60.0
# A promotion that was ordered in the last moment becomes visible within this time.
SETTLE_SECONDS = 2.0


class HostError(Exception):
    """Something did not work on this host."""


# The state file


def state_file(given: Parameters, ending: str) -> Path:
    return Path(given["state_directory"]) / f"recovery-switchover-{given['run_id']}-{given['name']}.{ending}"


def arm(given: Parameters, remembered: Parameters, act: Callable[[], Parameters]) -> None:
    """Leave a process behind that acts after ``deadline_seconds`` unless it is disarmed."""
    armed = state_file(given, "armed")
    for ending in ("fired", "disarmed"):
        state_file(given, ending).unlink(missing_ok=True)
    armed.write_text(json.dumps(remembered))
    fires_at = time.monotonic() + given["deadline_seconds"]
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    try:
        os.chdir("/")
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        wait_and_act(given, fires_at, act)
    finally:
        os._exit(0)


def wait_and_act(given: Parameters, fires_at: float, act: Callable[[], Parameters]) -> None:
    armed, fired = state_file(given, "armed"), state_file(given, "fired")
    while armed.exists() and time.monotonic() < fires_at:
        time.sleep(min(0.1, max(0.0, fires_at - time.monotonic())))
    try:
        armed.rename(fired)
    except FileNotFoundError:
        return
    try:
        outcome = act()
    except Exception as error:
        outcome = {"outcome": f"failed: {error}"}
    fired.write_text(json.dumps(outcome))


def disarm(given: Parameters) -> Parameters:
    """Take the dead-man's right to act; says what it did when it was faster."""
    try:
        state_file(given, "armed").rename(state_file(given, "disarmed"))
    except FileNotFoundError:
        return fired_state(given) if state_file(given, "fired").exists() else {"disarmed": True}
    state_file(given, "disarmed").unlink()
    return {"disarmed": True}


def fired_state(given: Parameters) -> Parameters:
    """What the dead-man did; it is waited for, because it may still be at it."""
    until = time.monotonic() + given.get("patience_seconds", PATIENCE_SECONDS)
    while time.monotonic() < until:
        with suppress(FileNotFoundError, ValueError):
            said = json.loads(state_file(given, "fired").read_text())
            if "outcome" in said:
                return {"disarmed": False, **said}
        time.sleep(0.05)
    return {"disarmed": False, "outcome": "unknown"}


# Asking databases


def ask(address: Parameters, statement: str, parameters: tuple[Any, ...] = ()) -> Any:
    """The first column of the first row."""
    import psycopg2

    connection = psycopg2.connect(
        host=address["host"],
        port=address["port"],
        user=address["user"],
        password=address["password"],
        dbname=address.get("database", "postgres"),
        application_name="recovery_dead_man",
        connect_timeout=2,
        tcp_user_timeout=2000,
    )
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchone()[0] if cursor.description else None


def writes(address: Parameters) -> bool | None:
    """Whether a database takes writes; None when it does not answer."""
    try:
        return not ask(address, "SELECT pg_is_in_recovery()")
    except Exception:
        return None


# Files


def replace_file(path: Path, text: str, *, like: Path | None = None) -> None:
    """Replace a file atomically, with the owner and mode that it had, or that another one has."""
    model = like or path
    beside = path.with_name(f".{path.name}.recovery")
    with open(beside, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    if model.exists():
        shutil.copymode(model, beside)
        with suppress(PermissionError):
            shutil.chown(beside, model.stat().st_uid, model.stat().st_gid)
    beside.rename(path)
