"""Eight databases on four hosts, backed up in one run and host by host."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.timing import timed

from demo.stage import PROJECT, Lab

HOSTS = {"fra1": "fra-db1", "fra2": "fra-db2", "dub1": "dub-db1", "dub2": "dub-db2"}
CLUSTERS = {"first": "5433", "second": "5434"}
INVENTORY = "tests/benchmarks/inventories/four_hosts"
SCALE = "5"  # of pgbench: 75 MB


def names_on(host: str) -> list[str]:
    return [f"{host}_{cluster}" for cluster in CLUSTERS]


class Bench:
    """Four hosts of a lab with two databases each, protected."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.count = 0

    def prepare(self) -> None:
        self.lab.do("destroy")
        self.lab.do("up")
        for host in (host for host in HOSTS.values() if host.endswith("2")):
            self.lab.do("power-on", host)
        with ThreadPoolExecutor() as together:
            list(together.map(self._fill, HOSTS.values()))
        self.plan("protect", accept_restart="new clusters without clients")

    def _fill(self, host: str) -> None:
        for cluster, port in CLUSTERS.items():
            words = ["--port", port, "--start-conf=auto", "15", cluster, "--start", "--", "--data-checksums"]
            self.lab.on(host, "pg_createcluster", *words)
            fill = ["pgbench", "--quiet", "-i", "-s", SCALE, "-p", port, "postgres"]
            self.lab.on(host, "runuser", "-u", "postgres", "--", *fill)

    def plan(self, name: str, **parameters: object) -> str:
        """Run a plan to its good end; the name of the run."""
        self.count += 1
        run_id = f"bench-{os.getpid()}-{self.count}"
        asked = {f"recovery_{key}": value for key, value in parameters.items()}
        done = subprocess.run(
            [
                *(PROJECT / "molecule" / "lab", "--name", self.lab.name, "exec"),
                *(f"{PROJECT}/.venv/bin/ansible-playbook", f"gogidix.disaster_recovery.{name}"),
                *("-i", INVENTORY, "-e", json.dumps(asked)),
            ],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "RECOVERY_RUN_ID": run_id},
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{name} {parameters} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return run_id

    def back_up(self, databases: list[str]) -> None:
        """A full backup of each of these; every one of them is seen in the journal as taken."""
        run_id = self.plan("backup", backup_strategy="full", backup_only=databases)
        taken = {each for line in self._journal(run_id) for each in stanzas_of(line.get("recovery"))}
        if taken != set(databases):
            raise RuntimeError(f"{run_id} took {sorted(taken)}, wanted were {databases}")

    def _journal(self, run_id: str) -> list[dict[str, object]]:
        lines = (self.lab.directory / "journal" / f"{run_id}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def stanzas_of(evidence: object) -> list[str]:
    """The stanzas whose backup a task proved: a loop has one entry for each of its items."""
    entries = evidence if isinstance(evidence, list) else [evidence]
    return [str(each["stanza"]) for each in entries if isinstance(each, dict) and each.get("backup")]


def measure_parallel(runs: int) -> list[Figure]:
    lab = Lab("benchside")
    bench = Bench(lab)
    seconds: dict[str, list[float]] = defaultdict(list)
    try:
        bench.prepare()
        for _run in range(runs):
            for host in HOSTS:
                seconds[host].append(timed(partial(bench.back_up, names_on(host))))
            every = [name for host in HOSTS for name in names_on(host)]
            seconds["all"].append(timed(partial(bench.back_up, every)))
    finally:
        lab.do("destroy")
    slowest = max((seconds[host] for host in HOSTS), key=median)
    return [
        figure("backup of eight databases on four hosts (floor: the slowest host alone)", "s", seconds["all"], slowest)
    ]
