"""A lab with the protected stack in it, and plans run at its controller as a person runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drills.world import READERS, World
from tests.integration.lab.lab_command import REPOSITORY, LabCommand

from recovery_lab.host import enter_command
from recovery_lab.state import Lab

INVENTORY = "inventories/two_sites"
COLLECTION = "gogidix.disaster_recovery"
DATABASES = {"frankfurt": "fra-db1", "dublin": "dub-db1"}
SNAPSHOT = "protected"


@dataclass(frozen=True)
class Outcome:
    """What a run left behind: its exit code, its words, its report and its journal."""

    run_id: str
    code: int
    text: str
    report: dict[str, Any]
    journal: list[dict[str, Any]]

    @property
    def status(self) -> str:
        return str(self.report.get("status"))

    @property
    def story(self) -> str:
        """What failed, and how the run ended: for whoever reads that it should not have."""
        failed = [line for line in self.journal if line.get("outcome") == "failed" or line.get("error")]
        told = [f"{line.get('host')}, {line.get('task')}: {line.get('error')}" for line in failed]
        return "\n".join([*told, self.text[-3000:]])

    def begun(self) -> list[str]:
        """The steps of Move that were begun, in order."""
        return _in_order(_begun_step(line) for line in self._move() if _marks_begin(line))

    def undone(self) -> list[str]:
        """The steps of Move whose undo ran, in order."""
        return _in_order(line["step"] for line in self._move() if line.get("entry") == "undo" and line["step"])

    def changes(self, *plays: str) -> list[str]:
        """Tasks (of these plays, or of all) that changed something, apart from the lease and the record of the run."""
        changed = (
            line
            for line in self.journal
            if line["event"] == "result" and line["outcome"] == "changed" and (not plays or line["play"] in plays)
        )
        return [f"{line['step']}: {line['task']}" for line in changed if line["step"] not in (None, "report", "lease")]

    def missing(self) -> set[str]:
        """The hosts that the plan named as not answering."""
        found = re.search(r"these hosts do not answer: ([^.]*)\.", " ".join(self.text.split()))
        return set(found[1].split(", ")) if found else set()

    def _move(self) -> list[dict[str, Any]]:
        return [line for line in self.journal if line["play"] == "Move" and line["task"]]


def _marks_begin(line: dict[str, Any]) -> bool:
    return line["event"] == "result" and line["outcome"] != "skipped" and str(line["task"]).startswith("Begin ")


def _begun_step(line: dict[str, Any]) -> str:
    return str(line["task"]).removeprefix("Begin ").replace(" ", "_")


def _in_order(names: Any) -> list[str]:
    return list(dict.fromkeys(names))


@dataclass(frozen=True)
class Running:
    """A run that is under way."""

    lab: DrillLab
    run_id: str
    process: subprocess.Popen[str]

    def finish(self, timeout: float = 600) -> Outcome:
        try:
            text, _none = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            text, _none = self.process.communicate()
        return self.lab.outcome(self.run_id, self.process.returncode, text)

    def kill_at(self, step: str, timeout: float = 120) -> Outcome:
        """Kill the controller, with all its processes, as soon as the journal says that a begun step works."""
        self.lab.wait_for(f"the step {step}", lambda: self._is_at(step) or self.process.poll() is not None, timeout)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.finish()

    def _is_at(self, step: str) -> bool:
        """Past its mark: a task of the same role that another mode needs stands earlier in the play, and is skipped."""
        begun = False
        for line in self.lab.journal(self.run_id):
            begun = begun or (_marks_begin(line) and _begun_step(line) == step)
            if begun and line["play"] == "Move" and line["event"] == "task" and line["step"] == step:
                return True
        return False


@dataclass(frozen=True)
class DrillLab(LabCommand):
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(
        self,
        plan: str,
        asked: Mapping[str, Any],
        *,
        inventories: tuple[str, ...] = (INVENTORY,),
        check: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Running:
        """Begin a plan; extra variables are given as JSON, as a file or a service would."""
        run_id = f"drill-{uuid.uuid4().hex[:12]}"
        sources = [word for inventory in inventories for word in ("-i", inventory)]
        command = [str(REPOSITORY / "molecule/lab"), "--name", self.name, "exec",
                   str(REPOSITORY / ".venv/bin/ansible-playbook"), *sources,
                   f"{COLLECTION}.{plan}", "-e", json.dumps(dict(asked)), *(["--check"] if check else [])]  # fmt: skip
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "RECOVERY_RUN_ID": run_id, **self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Running(self, run_id, process)

    def plan(self, name: str, **asked: Any) -> Outcome:
        return self.start(name, asked).finish()

    def move(self, source: str, target: str, mode: str = "planned", plan: str = "failover", **asked: Any) -> Outcome:
        return self.begin_move(source, target, mode, plan, **asked).finish()

    def begin_move(
        self, source: str, target: str, mode: str = "planned", plan: str = "failover", **asked: Any
    ) -> Running:
        sites = {"recovery_source_site": source, "recovery_target_site": target}
        return self.start(plan, {**sites, "recovery_mode": mode, **asked})

    def outcome(self, run_id: str, code: int, text: str) -> Outcome:
        # An inventory that names no place for reports gets them beside the journal.
        places = [self.directory / place / f"{run_id}.json" for place in ("report", "journal")]
        report: dict[str, Any] = next((json.loads(place.read_text()) for place in places if place.exists()), {})
        return Outcome(run_id, code, text, report, self.journal(run_id))

    def journal(self, run_id: str) -> list[dict[str, Any]]:
        written = self.directory / "journal"
        paths = sorted(written.glob(f"{run_id}*.jsonl")) if written.is_dir() else []
        lines = [line for path in paths for line in path.read_text().splitlines(keepends=True)]
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def world(self) -> World:
        """What stands where: databases, names, poolers, balancers, shops and leases."""
        with ThreadPoolExecutor(len(READERS)) as together:
            return World.of(list(together.map(lambda reader: self._read(*reader), READERS)))

    def _read(self, host: str, program: str) -> str:
        """What `molecule/lab run` would print; it is looked for so often that a Python for each look is felt."""
        first = Lab(self.name).process(host)
        if first is None:
            return ""
        command = [*enter_command(first.pid), "sh", "-c", program]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout

    def sql(self, host: str, statement: str, *, database: str = "storefront", socket: str | None = None) -> str:
        place = ["-h", socket] if socket else []
        psql = ["psql", "-XAtq", *place, "-d", database, "-c", statement]
        return self.do("run", host, "runuser", "-u", "postgres", "--", *psql).strip()

    def shop_for(self, seconds: float = 1) -> dict[str, Any]:
        """Place orders through the public name, and say how it went."""
        record = f"/tmp/{uuid.uuid4().hex}.jsonl"
        words = ["--record", record, "--rate", "10", "--duration", str(seconds)]
        figures: dict[str, Any] = json.loads(self.do("run", "wit-probe1", "storefront-load", "run", *words))
        return figures

    def wait_for(
        self, what: str, is_there: Callable[[], bool], seconds: float, *, seen: Callable[[], object] = lambda: "no more"
    ) -> None:
        """Look until it is there; a look that takes much of the machine leaves it as long to what is waited for."""
        until = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            if is_there():
                return
            assert time.monotonic() < until, f"waited {seconds:g} s for {what}, and saw {seen()}"
            time.sleep(max(0.05, time.monotonic() - began))


def without_the_service(place: Path) -> Path:
    """A copy of the collection as it is published: only what plans need, and nothing of the service."""
    collection = place / "ansible_collections" / "gogidix" / "disaster_recovery"
    collection.mkdir(parents=True)
    for part in ("meta", "plugins", "roles", "playbooks"):
        subprocess.run(["cp", "-a", str(REPOSITORY / part), str(collection)], check=True)
    return place
