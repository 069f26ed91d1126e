# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real service process on a passed socket, with plans that need nothing but this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from gogidix_recovery_runner.client import RunnerClient
from gogidix_recovery_runner.database.session import Database
from gogidix_recovery_runner.database.tokens import Tokens
from gogidix_recovery_runner.plans import Role

PACKAGE = Path(__file__).parents[3] / "runner" / "src"
SITES = {"recovery_source_site": "north", "recovery_target_site": "south"}
PATIENCE_SECONDS = 60


def until(what: str, observe: Callable[[], Any]) -> Any:
    """Wait for something to become true, and say what was awaited when it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := observe()):
        assert time.monotonic() < deadline, f"not reached: {what}"
        time.sleep(0.1)
    return seen


class RunningService:
    """A service in a process of its own; can be killed and started again on the same records and socket."""

    def __init__(self, data: Path, project: Path, settings: dict[str, str]) -> None:
        self.data = data
        self.project = project
        self._settings = settings
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._log = data.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        data.mkdir(mode=0o700)
        self.tokens = self._make_tokens()
        self.http = httpx.Client(base_url=self.address, headers=self.authorization(), trust_env=False, timeout=30)

    def _make_tokens(self) -> dict[Role, str]:
        database = Database(f"sqlite:///{self.data}/records.sqlite3")
        database.migrate()
        made = {role: Tokens(database).create(role.lower(), role) for role in Role}
        database.close()
        return made

    def authorization(self, role: Role = Role.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DISASTER_RECOVERY_")}
        return {
            **kept,
            "PYTHONPATH": str(PACKAGE),
            "DISASTER_RECOVERY_DATA_DIRECTORY": str(self.data),
            "DISASTER_RECOVERY_PROJECT_DIRECTORY": str(self.project),
            "DISASTER_RECOVERY_COLLECTIONS_PATH": str(self.project / "collections"),
            "DISASTER_RECOVERY_COLLECTION": "example.plans",
            **self._settings,
        }

    def start(self) -> None:
        descriptor = self._socket.fileno()
        # The shell moves the socket to where a service manager would put it.
        shell = f'exec 3<&{descriptor}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", shell, "bash", *self.program()],
                pass_fds=[descriptor],
                stdout=log,
                stderr=log,
                env=self.environment(),
            )
        until("the service is ready", self._is_ready)

    def program(self) -> list[str]:
        return [sys.executable, "-m", "gogidix_recovery_runner"]

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log.read_text()
        try:
            return self.http.get("/readyz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self._socket.close()

    def client(self) -> RunnerClient:
        return RunnerClient(self.address, self.tokens[Role.ADMIN])

    def begin(
        self, plan: str = "failover", *, check: bool = False, key: str | None = None, **given: Any
    ) -> httpx.Response:
        body = {"plan": plan, "inventory": "small", "parameters": {**SITES, **given}, "check": check}
        return self.http.post("/api/v1/runs", json=body, headers={"Idempotency-Key": key} if key else {})

    def show(self, run_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.http.get(f"/api/v1/runs/{run_id}").raise_for_status().json()
        return shown

    def wait(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """The run once it has one of these statuses, or, without any, once it has ended."""
        active = ("queued", "waiting", "running")

        def observe() -> dict[str, Any] | None:
            run = self.show(run_id)
            is_there = run["status"] in statuses if statuses else run["status"] not in active
            return run if is_there else None

        reached: dict[str, Any] = until(f"run is {statuses or 'over'}", observe)
        return reached

    def database_bytes(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self.data.glob("records.sqlite3*")))


def marked(run_id: str) -> list[int]:
    """Processes of the slow task of a run, found by what it put on its own command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"waited-for-{run_id}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
