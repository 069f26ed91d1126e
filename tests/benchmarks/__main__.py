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
from tests.benchmarks.parallel import measure_parallel

from demo.stage import PROJECT, Lab

KINDS = ["planned", "emergency", "backups", "files", "small-files", "mariadb", "catalogue", "parallel"]
TREES = {"files": "1 GB of mixed files", "small-files": "100,000 small files"}
RESULTS = PROJECT / "build" / "bench" / "results.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=KINDS, action="append")
    options = parser.parse_args()
    wanted = options.only or KINDS
    figures: list[Figure] = []
    if "backups" in wanted:
        figures += backups(options.runs)
    trees = [each for each in TREES if each in wanted]
    if trees:
        figures += files(options.runs, trees)
    if "mariadb" in wanted:
        figures += mariadb(options.runs)
    if "catalogue" in wanted:
        figures += catalogue(options.runs)
    if "parallel" in wanted:
        figures += measure_parallel(options.runs)
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


def measure(file: str, runs: int, **more: str) -> Path:
    """Let pytest run the measurements of a file, which has the scratch servers; where it wrote them."""
    output = PROJECT / "build" / "bench" / "backups.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent / file)],
        check=True,
        cwd=PROJECT,
        env={**os.environ, "BENCH_RUNS": str(runs), "BENCH_OUTPUT": str(output), **more},
    )
    return output


def files(runs: int, trees: list[str]) -> list[Figure]:
    output = measure("measure_files.py", runs, BENCH_TREES=",".join(trees))
    return [each for name in trees for each in figures_of_tree(name, output.with_name(f"{name}.json"))]


def figures_of_tree(name: str, output: Path) -> list[Figure]:
    """The modules over bare restic, the second verification over the first, and what others take."""
    seconds, what = json.loads(output.read_text()), TREES[name]
    pairs = {
        "backup of {} (floor: restic backup)": ("backup", "bare backup"),
        "restore of {}, read back and compared (floor: restic restore --verify)": ("restore", "bare restore"),
        "the same restore (floor: restic restore, which reads nothing back)": (
            "restore",
            "bare restore, not read back",
        ),
        "verification of {} that is proven already (floor: the one that proved it)": ("verify again", "verify"),
    }
    found = [figure(words.format(what), "s", seconds[own], seconds[floor]) for words, (own, floor) in pairs.items()]
    for tool in ("tar | zstd", "borg"):
        if f"{tool} backup" not in seconds:
            print(f"{tool} is not installed")
            continue
        found += [
            figure(f"{tool}: {act} of {what} (floor: the module)", "s", seconds[f"{tool} {act}"], seconds[act])
            for act in ("backup", "restore")
        ]
    return found


def backups(runs: int) -> list[Figure]:
    output = measure("measure_backups.py", runs)
    seconds = json.loads(output.read_text())
    return [
        figure("backup of 1 GB (floor: pgbackrest backup)", "s", seconds["backup"], seconds["bare backup"]),
        figure(
            "restore of 1 GB to its target (floor: pgbackrest restore, start, end of recovery)",
            "s",
            seconds["restore"],
            seconds["bare restore"],
        ),
        figure(
            "restore of 1 GB, wholly proven (floor: the same, pg_amcheck, pg_checksums)",
            "s",
            seconds["proven restore"],
            seconds["bare proven restore"],
        ),
        figure(
            "verification of 1 GB that is proven already (floor: the one that proved it)",
            "s",
            seconds["verify again"],
            seconds["verify"],
        ),
    ]


def mariadb(runs: int) -> list[Figure]:
    seconds = json.loads(measure("measure_mariadb.py", runs).read_text())
    return [
        figure(
            "backup of 1 GB of MariaDB (floor: mariadb-backup | restic)",
            "s",
            seconds["backup"],
            seconds["bare backup"],
        ),
        figure(
            "restore of 1 GB of MariaDB, started and checked (floor: restic | mbstream, prepare, start, check, stop)",
            "s",
            seconds["restore"],
            seconds["bare restore"],
        ),
    ]


def catalogue(runs: int) -> list[Figure]:
    """A host's first look asks restic; every other finds what it said, as long as the repository is the same."""
    seconds = json.loads(measure("measure_catalogue.py", runs).read_text())
    pairs = {"first list": "the first list of 1,000 backups", "list": "the list of 1,000 backups"}
    return [
        figure(f"{words} (floor: restic snapshots)", "s", seconds[name], seconds["bare list"])
        for name, words in pairs.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
