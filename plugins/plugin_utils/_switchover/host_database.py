# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The verbs on the host of an old primary: arm, stop, give back; and what its dead-man does."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.host_dead_man import (
    PATIENCE_SECONDS,
    SETTLE_SECONDS,
    HostError,
    Parameters,
    arm,
    ask,
    replace_file,
    state_file,
    writes,
)


def control_data(given: Parameters) -> dict[str, str]:
    argv = [f"{given['binary_directory']}/pg_controldata", "-D", given["data_directory"]]
    said = subprocess.run(argv, capture_output=True, text=True, env={"LC_ALL": "C"}, check=False)
    if said.returncode or "WARNING" in said.stdout + said.stderr:
        raise HostError(f"pg_controldata: {said.stdout[-300:]}{said.stderr[-300:]}")
    pairs = (line.partition(":") for line in said.stdout.splitlines())
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def postmaster(given: Parameters) -> int | None:
    """The running postmaster's process id."""
    try:
        pid = int((Path(given["data_directory"]) / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if command in ("postgres", "postmaster") else None


def set_start_mode(given: Parameters, mode: str) -> str:
    """Rewrite the word that decides about the start at boot; returns what it was."""
    path = Path(given["configuration_directory"]) / "start.conf"
    text = path.read_text() if path.exists() else "auto\n"
    match = re.search(r"(?m)^\s*(auto|manual|disabled)\b", text)
    before = match[1] if match else "auto"
    if before != mode:
        written = re.sub(r"(?m)^\s*(auto|manual|disabled)\b", mode, text, count=1) if match else f"{text}{mode}\n"
        replace_file(path, written)
    return before


def standby_signal(given: Parameters) -> Path:
    return Path(given["data_directory"]) / "standby.signal"


def database_arm(given: Parameters) -> Parameters:
    if postmaster(given) is None:
        raise HostError("no postmaster runs here")
    before = set_start_mode(given, "manual")
    remembered = {"start_mode": before}
    arm(given, remembered, lambda: database_dead_man(given, remembered))
    return remembered


def database_stop(given: Parameters) -> Parameters:
    """Wait, connected to the local server, for the word; then a fast shutdown.

    It is done when the control data says so, whatever the archiver still does. The word comes as a notification
    through the database itself, so that nothing has to be started or connected inside the pause.
    """
    pid = postmaster(given)
    if pid is None:
        raise HostError("no postmaster runs here")
    if not told_to_stop(given):
        return {"stopped": False}
    if not state_file(given, "armed").exists():
        raise HostError("the dead-man is not armed any more")
    started = time.monotonic()
    os.kill(pid, signal.SIGINT)
    seen = control_data(given)
    while seen["Database cluster state"] != "shut down":
        if time.monotonic() - started > given["stop_seconds"]:
            raise HostError(f"not shut down within {given['stop_seconds']:g} s: {seen['Database cluster state']}")
        wait_control_file_change(given, 0.05)
        seen = control_data(given)
    # From here on it can only come up as a standby: this and the stopped server are its fence.
    standby_signal(given).touch(mode=0o600)
    return {
        "stopped": True,
        "checkpoint_lsn": seen["Latest checkpoint location"],
        "timeline": int(seen["Latest checkpoint's TimeLineID"]),
        "system_identifier": seen["Database system identifier"],
        "cluster_state": seen["Database cluster state"],
        "milliseconds": round((time.monotonic() - started) * 1000, 1),
    }


def wait_control_file_change(given: Parameters, seconds: float) -> None:
    """Until the control file is written, or a moment has passed: a program started in a loop would slow the stop."""
    path = Path(given["data_directory"]) / "global" / "pg_control"
    before, until = path.read_bytes(), time.monotonic() + seconds
    while path.read_bytes() == before and time.monotonic() < until:
        time.sleep(0.001)


def told_to_stop(given: Parameters) -> bool:
    """Whether the word to stop came; any other word, and silence, mean that the switchover was given up."""
    import psycopg2

    connection = psycopg2.connect(
        host=given["socket_directory"],
        port=given["port"],
        dbname="postgres",
        application_name=given["stop_application"],
        connect_timeout=2,
    )
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'LISTEN "{given["stop_application"]}"')
        until = time.monotonic() + given["wait_seconds"]
        while not connection.notifies and time.monotonic() < until:
            select.select([connection], [], [], max(0.0, until - time.monotonic()))
            connection.poll()
        return bool(connection.notifies) and connection.notifies[0].payload == "stop"


def database_give_back(given: Parameters) -> Parameters:
    """Start the old primary again as it was. Only for whoever knows that nobody else was promoted."""
    until = time.monotonic() + 30
    while (pid := postmaster(given)) is not None and not answers(given):
        # It may still be ending; a server that is shutting down answers nobody.
        if time.monotonic() > until:
            raise HostError(f"the postmaster {pid} neither ends nor answers")
        time.sleep(0.02)
    standby_signal(given).unlink(missing_ok=True)
    started = False
    if postmaster(given) is None:
        argv = ["pg_ctlcluster", "--skip-systemctl-redirect", given["version"], given["cluster"], "start"]
        root = str(Path(given["configuration_directory"]).parent.parent)
        environment = {**os.environ, "PG_CLUSTER_CONF_ROOT": root}
        said = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
        if postmaster(given) is None:
            raise HostError(f"pg_ctlcluster start ended with {said.returncode}: {said.stdout}{said.stderr}")
        started = True
    if given.get("start_mode"):
        set_start_mode(given, given["start_mode"])
    return {"started": started}


def answers(given: Parameters) -> bool:
    """Whether the local server takes connections: the network is not needed for that."""
    argv = [f"{given['binary_directory']}/pg_isready", "-q", "-h", given["socket_directory"], "-p", str(given["port"])]
    return subprocess.run(argv, check=False).returncode == 0


def database_dead_man(given: Parameters, remembered: Parameters) -> Parameters:
    """Give the old primary back, but only if the peer is certainly still a standby, and nobody can promote it."""
    if answers(given):
        set_start_mode(given, remembered["start_mode"])
        return {"outcome": "the primary had not been stopped"}
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with suppress(Exception):
            ask(
                given["peer"],
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
                (given["application"],),
            )
        if peer_stays_standby(given["peer"]):
            database_give_back({**given, **remembered})
            put_settings_back(given["peer"])
            return {"outcome": "the old primary was given back"}
        if writes(given["peer"]):
            standby_signal(given).touch(mode=0o600)
            return {"outcome": "the peer was promoted, the old primary stays fenced"}
        time.sleep(0.2)
    return {"outcome": "the peer did not answer, the old primary stays down"}


def put_settings_back(peer: Parameters) -> None:
    """What was set aside on the peer for its promotion; not reached, the next promotion finds and puts it back."""
    resets = [f"ALTER SYSTEM RESET {name}" for name in ("wal_retrieve_retry_interval", "restore_command")]
    for statement in (*resets, "SELECT pg_reload_conf()"):
        with suppress(Exception):
            ask(peer, statement)


def peer_stays_standby(peer: Parameters) -> bool:
    """In recovery now, and all the time until a late promotion would have shown itself."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        if writes(peer) is not False:
            return False
        time.sleep(0.1)
    return True
