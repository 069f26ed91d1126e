"""make bench: what a move costs its clients, and what the modules add to the engines."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, figure, table, write
from tests.benchmarks.moves import Bench, figures_of_emergency, figures_of_planned

from demo.stage import PROJECT, Lab

RESULTS = PROJECT / "build" / "bench" / "results.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=["planned", "emergency", "backups"], action="append")
    options = parser.parse_args()
    wanted = options.only or ["planned", "emergency", "backups"]
    figures: list[Figure] = []
    if "backups" in wanted:
        figures += backups(options.runs)
    if {"planned", "emergency"} & set(wanted):
        figures += moves(options.runs, wanted)
    write(figures, RESULTS)
    print(table(figures))
    print(f"\nWritten to {RESULTS.relative_to(PROJECT)}")
    return 0


def moves(runs: int, wanted: list[str]) -> list[Figure]:
    lab = Lab("bench")
    bench = Bench(lab)
    figures: list[Figure] = []
    try:
        bench.prepare()
        if "planned" in wanted:
            figures += figures_of_planned(bench.planned(runs))
        if "emergency" in wanted:
            floor = bench.empty_plan_seconds(runs)
            figures += figures_of_emergency(bench.emergencies(runs), floor)
    finally:
        lab.do("destroy")
    return figures


def backups(runs: int) -> list[Figure]:
    output = PROJECT / "build" / "bench" / "backups.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent / "measure_backups.py")],
        check=True,
        cwd=PROJECT,
        env={**os.environ, "BENCH_RUNS": str(runs), "BENCH_OUTPUT": str(output)},
    )
    seconds = json.loads(output.read_text())
    return [
        figure("backup of 1 GB (floor: pgbackrest backup)", "s", seconds["backup"], seconds["bare backup"]),
        figure(
            "restore of 1 GB, started and proven (floor: pgbackrest restore, start, end of recovery)",
            "s",
            seconds["restore"],
            seconds["bare restore"],
        ),
        figure(
            "verification of 1 GB that is proven already (floor: the one that proved it)",
            "s",
            seconds["verify again"],
            seconds["verify"],
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
