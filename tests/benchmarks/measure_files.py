"""Files through the modules and through bare restic, in turn; beside them tar and borg. Run by `make bench`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.benchmarks.timing import timed
from tests.benchmarks.trees import mixed_tree, small_tree
from tests.integration.files_backup.sandbox import Sandbox

TREES = {"files": mixed_tree, "small-files": small_tree}
DEADLINE_SECONDS = 600


def begin_anew(sandbox: Sandbox) -> None:
    """A repository with nothing in it, with a key as hard to guess as restic makes it; the host has seen it."""
    for directory in (sandbox.repository, sandbox.cache, sandbox.trust):
        shutil.rmtree(directory, ignore_errors=True)
    sandbox.cache.mkdir(parents=True)
    sandbox.trust.mkdir(parents=True)
    sandbox.restic("init")
    sandbox.succeed("backup_info")


def with_restic(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    begin_anew(sandbox)
    target = sandbox.root / "bare"
    backup = partial(sandbox.restic, "backup", "--json", "--force", "--", str(sandbox.source))
    seconds["bare backup"].append(timed(backup))
    for name, arguments in (("bare restore", ["--verify"]), ("bare restore, not read back", [])):
        restore = partial(sandbox.restic, "restore", "latest", *arguments, "--target", str(target))
        seconds[name].append(timed(restore))
        shutil.rmtree(target)


def with_modules(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    begin_anew(sandbox)
    target = sandbox.root / "beside"
    backup = partial(sandbox.succeed, "backup", strategy="full", deadline=DEADLINE_SECONDS)
    seconds["backup"].append(timed(backup))
    restore = partial(sandbox.succeed, "restore", mode="beside", directory=str(target), deadline=DEADLINE_SECONDS)
    seconds["restore"].append(timed(restore))
    shutil.rmtree(target)
    proven = {
        "level": "restored",
        "unless_proven": True,
        "scratch_directory": str(sandbox.root / "scratch"),
        "deadline": DEADLINE_SECONDS,
    }
    for name in ("verify", "verify again"):
        seconds[name].append(timed(partial(sandbox.succeed, "backup_verify", **proven)))


def by_shell(words: str, *places: Path) -> Callable[[], object]:
    argv = ["bash", "-c", f"set -e -o pipefail; {words}", "bash", *map(str, places)]
    environment = {**os.environ, "BORG_PASSPHRASE": "example-only-passphrase"}
    return partial(subprocess.run, argv, check=True, env=environment, stdout=subprocess.DEVNULL)


def with_tar(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    archive, target = sandbox.root / "archive", sandbox.root / "untarred"
    target.mkdir()
    seconds["tar | zstd backup"].append(timed(by_shell('tar -cC "$1" . | zstd -qT0 -o "$2"', sandbox.source, archive)))
    seconds["tar | zstd restore"].append(timed(by_shell('zstd -qdc "$1" | tar -xC "$2"', archive, target)))
    archive.unlink()
    shutil.rmtree(target)


def with_borg(sandbox: Sandbox, seconds: dict[str, list[float]]) -> None:
    repository, target = sandbox.root / "borg", sandbox.root / "extracted"
    target.mkdir()
    by_shell('borg init -e repokey "$1"', repository)()
    create = 'borg create -C zstd,3 "$1::first" "$2"'
    seconds["borg backup"].append(timed(by_shell(create, repository, sandbox.source)))
    seconds["borg restore"].append(timed(by_shell('cd "$2"; borg extract "$1::first"', repository, target)))
    shutil.rmtree(repository)
    shutil.rmtree(target)


@pytest.mark.parametrize("name", [each for each in TREES if each in os.environ["BENCH_TREES"].split(",")])
def test_a_tree(library: Path, name: str) -> None:
    root = Path(tempfile.mkdtemp(prefix="bench-files-"))
    seconds: dict[str, list[float]] = defaultdict(list)
    try:
        sandbox = Sandbox(root, library)
        TREES[name](sandbox.source)
        sandbox.write_settings(lock_seconds=60)
        runs = range(int(os.environ["BENCH_RUNS"]))
        for number in runs:
            # Whoever comes second finds a disk that has just been busy.
            for measure in (with_restic, with_modules) if number % 2 == 0 else (with_modules, with_restic):
                measure(sandbox, seconds)
        for _number in runs:
            with_tar(sandbox, seconds)
            if shutil.which("borg"):
                with_borg(sandbox, seconds)
    finally:
        shutil.rmtree(root)
    Path(os.environ["BENCH_OUTPUT"]).with_name(f"{name}.json").write_text(json.dumps(seconds))
