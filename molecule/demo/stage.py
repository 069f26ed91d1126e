"""The stage: the lab, the shop's clients, and the runner service at the controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parents[2]
LAB = PROJECT / "molecule" / "lab"
FINAL = {"succeeded", "failed", "undone", "parked", "cancelled", "timed_out", "lost"}


class StageError(Exception):
    """The demo cannot go on; the text says why."""


class Lab:
    """The lab by its command."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.directory = PROJECT / "build" / "lab" / name

    def do(self, *verb: str, check: bool = True) -> str:
        done = subprocess.run(
            [LAB, "--name", self.name, *verb], capture_output=True, text=True, cwd=PROJECT, check=False
        )
        if check and done.returncode != 0:
            raise StageError(f"molecule/lab {' '.join(verb)}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout.strip()

    def on(self, host: str, *command: str, check: bool = True) -> str:
        """Run a command inside a host."""
        return self.do("run", host, *command, check=check)

    def sql(self, host: str, statement: str, *, database: str = "storefront", socket: str | None = None) -> str:
        """Run SQL on a host as postgres, through its own socket."""
        place = ["-h", socket] if socket else []
        return self.on(
            host, "runuser", "-u", "postgres", "--", "psql", "-XAtq", *place, "-d", database, "-c", statement
        )

    def playbook(self, *arguments: str) -> None:
        self.do("exec", f"{PROJECT}/.venv/bin/ansible-playbook", "-i", "inventories/two_sites", *arguments)


class Service:
    """The runner service, started at the lab's controller and spoken to through its API."""

    def __init__(self, lab: Lab, port: int) -> None:
        self.lab = lab
        self.data = lab.directory / "service"
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None
        self.client: httpx.Client | None = None

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = self._command("token", "create", f"demo-{os.getpid()}", "--role", "ADMIN").split()[-1]
        with (self.data / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [LAB, "--name", self.lab.name, "exec", "--listen", f"127.0.0.1:{self.port}", *self._program(), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=self._environment(),
            )
        self.client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
        )
        self._wait_until_ready()

    def stop(self) -> None:
        if self.client is not None:
            self.client.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def run(
        self,
        plan: str,
        parameters: dict[str, Any],
        on_step: Callable[[str, float], None],
        *,
        check: bool = False,
        patience_seconds: float = 600,
    ) -> dict[str, Any]:
        """Start a plan, tell of each step as it begins, and return the finished run with its report."""
        assert self.client is not None
        began = time.monotonic()
        answer = self.client.post(
            "/api/v1/runs", json={"plan": plan, "inventory": "two_sites", "parameters": parameters, "check": check}
        )
        if answer.status_code != 202:
            raise StageError(f"the service refused {plan}: {answer.status_code} {answer.text}")
        place = answer.headers["Location"]
        told: set[int] = set()
        while True:
            run: dict[str, Any] = self.client.get(place).raise_for_status().json()
            for step in run["steps"]:
                # A step that has only been skipped so far is no news.
                has_done = step["ok"] + step["changed"] + step["failed"] > 0
                if step["role"] and has_done and step["seq"] not in told:
                    told.add(step["seq"])
                    on_step(step["role"].rpartition(".")[2], time.monotonic() - began)
            if run["status"] in FINAL:
                return run
            if time.monotonic() - began > patience_seconds:
                raise StageError(f"{plan} is still {run['status']} after {patience_seconds:g} s: {self.address}{place}")
            time.sleep(0.25)

    def log_of(self, run: dict[str, Any]) -> str:
        assert self.client is not None
        return self.client.get(f"/api/v1/runs/{run['id']}/log").text

    def _wait_until_ready(self) -> None:
        assert self.client is not None and self.process is not None
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise StageError(f"the service ended at once; see {self.data / 'service.log'}")
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise StageError(f"the service does not answer at {self.address}; see {self.data / 'service.log'}")

    def _command(self, *words: str) -> str:
        done = subprocess.run(
            [*self._program(), *words],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=self._environment(),
            check=False,
        )
        if done.returncode != 0:
            raise StageError(f"the service could not {' '.join(words[:2])}: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip()

    def _program(self) -> list[str]:
        return [sys.executable, "-m", "gogidix_recovery_runner"]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(PROJECT / "runner" / "src"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DISASTER_RECOVERY_PORT": str(self.port),
            "DISASTER_RECOVERY_DATA_DIRECTORY": str(self.data),
            "DISASTER_RECOVERY_PROJECT_DIRECTORY": str(PROJECT),
            "DISASTER_RECOVERY_JOURNAL_DIRECTORY": str(self.lab.directory / "journal"),
            "RECOVERY_LAB": self.lab.name,
        }


def read_report(lab: Lab, run: dict[str, Any]) -> dict[str, Any]:
    """The report that the run's last play wrote."""
    path = lab.directory / "report" / f"{run['id']}.json"
    if not path.is_file():
        raise StageError(f"the run {run['id']} ended {run['status']} and left no report at {path}")
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report
