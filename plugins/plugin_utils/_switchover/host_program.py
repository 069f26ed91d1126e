# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The program that a switchover runs on database and pooler hosts.

It is sent over the connection as it stands here and needs nothing but Python and psycopg2 there. One call does one
verb and answers with one line of JSON. The two ``arm`` verbs leave a process of their own behind, the dead-man: unless
it is disarmed before its time is over, it finds out by itself which database writes, and gives the traffic back.

Whoever renames the state file from ``.armed`` decides: the dead-man to ``.fired``, the switchover to ``.disarmed``.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
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


# The database host


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


def replace_file(path: Path, text: str) -> None:
    """Replace a file atomically, with the owner and mode that it had."""
    beside = path.with_name(f".{path.name}.recovery")
    with open(beside, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    if path.exists():
        shutil.copymode(path, beside)
        with suppress(PermissionError):
            shutil.chown(beside, path.stat().st_uid, path.stat().st_gid)
    beside.rename(path)


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


# The pooler host


def kept_file(given: Parameters) -> Path:
    path = Path(given["databases_file"])
    return path.with_name(f"{path.name}.before-{given['run_id']}")


def repointed(text: str, entry: str, host: str, port: int) -> str:
    """The text with another host and port in one entry."""
    pattern = re.compile(rf"(?m)^(\s*{re.escape(entry)}\s*=\s*)(.*)$")
    match = pattern.search(text)
    if match is None:
        raise HostError(f"the databases file has no entry {entry}")
    rest = re.sub(r"\b(host|port)\s*=\s*('[^']*'|\S+)", "", match[2])
    line = f"{match[1]}host={host} port={port} {' '.join(rest.split())}".rstrip()
    return f"{text[: match.start()]}{line}{text[match.end() :]}"


def pooler_arm(given: Parameters) -> Parameters:
    """Put the new file in its place without telling the pooler, and leave the dead-man behind."""
    path = Path(given["databases_file"])
    text = path.read_text()
    written = repointed(text, given["entry"], given["target"]["host"], given["target"]["port"])
    shutil.copy2(path, kept_file(given))
    arm(given, {}, lambda: pooler_dead_man(given))
    replace_file(path, written)
    return {"staged": True}


def pooler_put_back(given: Parameters) -> Parameters:
    """The old file in its place again; harmless when it is there already."""
    kept = kept_file(given)
    if kept.exists():
        replace_file(Path(given["databases_file"]), kept.read_text())
        kept.unlink()
    return {"put_back": True}


def pooler_finish(given: Parameters) -> Parameters:
    """Disarm and forget the old file."""
    outcome = disarm(given)
    if outcome["disarmed"]:
        kept_file(given).unlink(missing_ok=True)
    return outcome


def pooler_dead_man(given: Parameters) -> Parameters:
    """Point the pooler at whoever writes, then let the traffic flow."""
    until = time.monotonic() + PATIENCE_SECONDS
    outcome = "nobody writes: the old target was put back"
    while time.monotonic() < until:
        if writes(given["target"]):
            outcome = "the new primary writes: the new target was kept"
            kept_file(given).unlink(missing_ok=True)
            break
        if writes(given["source"]):
            outcome = "the old primary writes: the old target was put back"
            break
        time.sleep(0.1)
    pooler_put_back(given)
    said = []
    for command in ("RELOAD", f'RESUME "{given["entry"]}"'):
        try:
            ask(given["console"], command)
        except Exception as error:
            # Not paused (any more) is no failure; what counts is written down for whoever asks.
            said.append(f"{command}: {error}".strip())
    return {"outcome": outcome, "console": said}


VERBS: dict[str, Callable[[Parameters], Parameters]] = {
    "database_arm": database_arm,
    "database_stop": database_stop,
    "database_give_back": database_give_back,
    "pooler_arm": pooler_arm,
    "pooler_put_back": pooler_put_back,
    "pooler_finish": pooler_finish,
    "disarm": disarm,
}


def answer(call: str) -> None:
    """Run one verb; the answer is the last line, so that nothing a login shell says can be taken for it."""
    given = json.loads(call)
    try:
        result = {"ok": True, **VERBS[given.pop("verb")](given)}
    except Exception as error:
        result = {"ok": False, "cause": f"{type(error).__name__}: {error}"}
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    sys.stdout.flush()
