"""Copies of all disks of a lab, so that tests and drills can start from a known state within seconds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from recovery_lab import host, life, loop_device
from recovery_lab.errors import LabError
from recovery_lab.process import run
from recovery_lab.state import Lab
from recovery_lab.topology import Topology

LABEL = re.compile(r"^[a-z0-9][a-z0-9-]{0,31}$")
COPIED = ("identity",)


def _directory(lab: Lab, label: str) -> Path:
    if not LABEL.match(label):
        raise LabError(f"a snapshot's label is small letters, digits and dashes, not {label!r}")
    return lab.directory / "snapshots" / label


def _disks(lab: Lab) -> list[Path]:
    return sorted(lab.directory.glob("hosts/*/disk.img"))


def take(lab: Lab, topology: Topology, label: str) -> None:
    """Stop the hosts that run, in order; copy the disks; start the same hosts again."""
    directory = _directory(lab, label)
    running = [entry for entry in topology.hosts.values() if lab.process(entry.name)]
    host.halt(lab, running)
    unfinished = directory.with_name(f"{label}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for image in _disks(lab):
        loop_device.wait_until_free(image)
        _copy(image, unfinished / f"{image.parent.name}.img")
    for name in COPIED:
        shutil.copytree(lab.directory / name, unfinished / name)
    shutil.rmtree(directory, ignore_errors=True)
    unfinished.rename(directory)
    host.power_on(lab, topology, running, life.root_of(lab))


def roll_back(lab: Lab, topology: Topology, label: str) -> None:
    """Switch everything off, put the disks back, and start the hosts that were running."""
    life.require_running(lab)
    directory = _directory(lab, label)
    if not directory.is_dir():
        raise LabError(f"there is no snapshot {label} of lab {lab.name}")
    running = [entry for entry in topology.hosts.values() if lab.process(entry.name) or not entry.is_spare]
    host.power_off(lab, list(topology.hosts.values()))
    for image in _disks(lab):
        loop_device.wait_until_free(image)
        image.unlink()
    for kept in directory.glob("*.img"):
        _copy(kept, lab.disk(kept.stem))
    for name in COPIED:
        shutil.rmtree(lab.directory / name, ignore_errors=True)
        shutil.copytree(directory / name, lab.directory / name)
    host.power_on(lab, topology, running, life.root_of(lab))


def _copy(source: Path, target: Path) -> None:
    run(["cp", "--reflink=auto", "--sparse=always", str(source), str(target)], timeout=600)
