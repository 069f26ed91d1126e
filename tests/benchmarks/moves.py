"""Failovers and failbacks under load, measured from the client's side."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.plans import Plans

from demo.stage import PROJECT, Lab

HOME, AWAY = "frankfurt", "dublin"
PROBE = "wit-probe1"
RECORD = "/var/lib/recovery-probe/record.jsonl"
SNAPSHOT = "protected"
# Actions that Ansible carries out on the controller, whichever host they are for.
HERE = (
    "set_fact",
    "assert",
    "debug",
    "group_by",
    "module_pack",
    "include_tasks",
    "include_role",
    "database_switchover",
)


@dataclass
class Measured:
    """What the runs of one kind left behind."""

    reports: list[dict[str, Any]] = field(default_factory=list)
    journals: list[list[dict[str, Any]]] = field(default_factory=list)

    def of(self, *path: str) -> list[float]:
        values = []
        for report in self.reports:
            value: Any = report
            for key in path:
                value = value[key]
            values.append(float(value))
        return values


class Bench:
    """A lab with the whole stack, protected, and clients that shop."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.plans = Plans(lab, "inventories/two_sites")

    def prepare(self) -> None:
        self.lab.do("destroy")
        self.lab.do("up")
        self.lab.playbook("molecule/provision/site.yml")
        self.plan("protect")
        self.lab.do("snapshot", SNAPSHOT)
        self.open_the_shop()

    def open_the_shop(self) -> None:
        """Clients that shop, and orders that were taken."""
        self.lab.on(PROBE, "service", "recovery-probe", "start")
        self._wait_for("the first orders", lambda: self._orders_taken() > 40)
        # A standby that has not streamed yet is rightly refused: nobody knows what it lacks.
        self._wait_for("the standby", lambda: self._streaming_standbys() == 1)

    def _streaming_standbys(self) -> int:
        asked = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        said = self.lab.on("fra-db1", "runuser", "-u", "postgres", "--", "psql", "-XAtqc", asked, check=False)
        return int(said or 0)

    def _orders_taken(self) -> int:
        """Refused ones do not count: right after a rollback the shop is still opening."""
        return int(self.lab.on(PROBE, "grep", "-c", '"ok": true.*"kind": "order"', RECORD, check=False) or 0)

    def plan(self, name: str, **parameters: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run a plan to its good end; its report and its journal."""
        run_id = self.plans.run(name, parameters)
        report = json.loads((self.lab.directory / "report" / f"{run_id}.json").read_text())
        return report, self.plans.journal(run_id)

    def planned(self, runs: int) -> Measured:
        """There and back, ``runs`` moves in all."""
        measured = Measured()
        for number in range(runs):
            away = number % 2 == 0
            source, target = (HOME, AWAY) if away else (AWAY, HOME)
            report, journal = self.plan(
                "failover" if away else "failback", source_site=source, target_site=target, mode="planned"
            )
            measured.reports.append(report)
            measured.journals.append(journal)
        if runs % 2:
            self.plan("failback", source_site=AWAY, target_site=HOME, mode="planned")
        return measured

    def emergencies(self, runs: int) -> Measured:
        """From the same beginning each time: the shop is open, the power fails, an operator fails over by hand."""
        measured = Measured()
        for _run in range(runs):
            self.lab.do("rollback", SNAPSHOT)
            self.open_the_shop()
            self.lab.do("power-off", HOME)
            report, journal = self.plan("failover", source_site=HOME, target_site=AWAY, mode="emergency")
            measured.reports.append(report)
            measured.journals.append(journal)
        return measured

    def empty_plan_seconds(self, runs: int) -> list[float]:
        """The floor of any plan: one raw task on the target's hosts."""
        seconds = []
        for _run in range(runs):
            began = time.monotonic()
            self.lab.do(
                "exec",
                f"{PROJECT}/.venv/bin/ansible",
                "-i",
                "inventories/two_sites",
                f"site_{AWAY}",
                "-m",
                "raw",
                "-a",
                "true",
            )
            seconds.append(time.monotonic() - began)
        return seconds

    def _wait_for(self, what: str, is_there: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > until:
                raise RuntimeError(f"waited {seconds:g} s for {what}")
            time.sleep(0.2)


def figures_of_planned(measured: Measured) -> list[Figure]:
    stalls = measured.of("client", "longest_stall_ms")
    pauses = [float(evidence["pause_ms"]) for evidence in _evidence(measured, "pause_ms")]
    return [
        figure("planned: failed requests", "count", measured.of("client", "failed_requests")),
        figure("planned: acknowledged orders lost", "count", measured.of("rpo", "acknowledged_lost")),
        figure(
            "planned: longest client stall (floor: pause at the database)",
            "ms",
            stalls,
            pauses,
        ),
        figure("planned: plan start to end", "s", measured.of("wall_seconds")),
        *_shares("planned", measured),
    ]


def figures_of_emergency(measured: Measured, floor: list[float]) -> list[Figure]:
    first = measured.of("plan_seconds")
    differing = [_counted_minus_reported(report) for report in measured.reports]
    return [
        figure("emergency: plan start to first good order (floor: one raw task)", "s", first, floor),
        figure("emergency: plan start to end", "s", measured.of("wall_seconds"), floor),
        figure("emergency: acknowledged orders lost", "count", measured.of("rpo", "acknowledged_lost")),
        figure("emergency: transactions lost beyond the estimate", "count", differing),
        *_shares("emergency", measured),
    ]


def _counted_minus_reported(report: dict[str, Any]) -> float:
    estimate = report["loss_estimate"]["transactions"] or 0
    return max(0.0, float(report["rpo"]["acknowledged_lost"] - estimate))


def _evidence(measured: Measured, key: str) -> Iterator[dict[str, Any]]:
    for journal in measured.journals:
        for line in journal:
            if isinstance(line.get("recovery"), dict) and line["recovery"].get(key) is not None:
                yield line["recovery"]


def _shares(kind: str, measured: Measured) -> list[Figure]:
    """Tasks that went to a host before the move, the wall time of each play, and the controller's own share."""
    work, shares = [], []
    plays: dict[str, list[float]] = defaultdict(list)
    for journal in measured.journals:
        moved = next(line["monotonic"] for line in journal if (line.get("facts") or {}).get("recovery_moved"))
        before = [line for line in journal if line["event"] == "result" and line["monotonic"] <= moved]
        work.append(float(len({line["task"] for line in before if _is_remote(line)})))
        for play, seconds in _seconds_of_plays(journal).items():
            plays[play].append(seconds)
        whole = journal[-1]["monotonic"] - journal[0]["monotonic"]
        shares.append(100 * (1 - _busy_seconds(journal) / whole))
    return [
        figure(f"{kind}: remote tasks in sequence before the move", "count", work),
        figure(f"{kind}: controller's share of the plan", "%", shares),
        *(figure(f"{kind}: play {play}", "s", seconds) for play, seconds in plays.items()),
    ]


def _seconds_of_plays(journal: list[dict[str, Any]]) -> dict[str, float]:
    """A play that comes twice, as in a failback, counts with both."""
    spans: list[tuple[str, float, float]] = []
    for line in journal:
        if not line.get("play"):
            continue
        if line["event"] == "play" or not spans:
            spans.append((line["play"], line["monotonic"], line["monotonic"]))
        spans[-1] = (*spans[-1][:2], line["monotonic"])
    seconds: dict[str, float] = defaultdict(float)
    for play, begun, ended in spans:
        seconds[play] += ended - begun
    return seconds


def _is_remote(line: dict[str, Any]) -> bool:
    """Whether something was sent to a host for it."""
    action = str(line.get("action")).rpartition(".")[2]
    is_here = "localhost" in (line.get("host"), line.get("delegated_to")) or action in HERE
    return line.get("outcome") in ("ok", "changed") and not is_here


def _busy_seconds(journal: list[dict[str, Any]]) -> float:
    """Time in which some module ran somewhere: for each task, its slowest host."""
    slowest: dict[tuple[str, str], float] = defaultdict(float)
    for line in journal:
        if line["event"] == "result" and line.get("outcome") in ("ok", "changed", "failed"):
            key = (str(line.get("play")), str(line.get("task")))
            slowest[key] = max(slowest[key], float(line.get("seconds") or 0))
    return sum(slowest.values())
