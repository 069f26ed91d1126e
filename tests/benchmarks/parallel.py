"""Eight databases on four hosts, backed up in one run and host by host."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.plans import Plans
from tests.benchmarks.timing import timed

from demo.stage import Lab

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
        self.plans = Plans(lab, INVENTORY)

    def prepare(self) -> None:
        self.lab.do("destroy")
        self.lab.do("up")
        for host in (host for host in HOSTS.values() if host.endswith("2")):
            self.lab.do("power-on", host)
        with ThreadPoolExecutor() as together:
            list(together.map(self._fill, HOSTS.values()))
        self.plans.run("protect", {"accept_restart": "new clusters without clients"})

    def _fill(self, host: str) -> None:
        for cluster, port in CLUSTERS.items():
            words = ["--port", port, "--start-conf=auto", "15", cluster, "--start", "--", "--data-checksums"]
            self.lab.on(host, "pg_createcluster", *words)
            fill = ["pgbench", "--quiet", "-i", "-s", SCALE, "-p", port, "postgres"]
            self.lab.on(host, "runuser", "-u", "postgres", "--", *fill)

    def back_up(self, databases: list[str]) -> None:
        """A full backup of each of these; every one of them is seen in the journal as taken."""
        run_id = self.plans.run("backup", {"backup_strategy": "full", "backup_only": databases})
        taken = {each for line in self.plans.journal(run_id) for each in stanzas_of(line.get("recovery"))}
        if taken != set(databases):
            raise RuntimeError(f"{run_id} took {sorted(taken)}, wanted were {databases}")


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
