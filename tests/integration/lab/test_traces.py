"""A lab keeps to itself: beside another one, on its machine, and after its end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.integration.lab.lab_command import REPOSITORY, LabCommand


def traces(name: str) -> dict[str, list[str]]:
    """What a lab of this name has on the machine outside its own directory."""
    directory = str(REPOSITORY / "build" / "lab" / name)
    inodes = {path.stat().st_ino for path in Path("/run/netns").glob(f"dr-{name}-*")}
    mounts = [
        line
        for line in Path("/proc/self/mounts").read_text().splitlines()
        if directory in line or f"dr-{name}-" in line
    ]
    loops = [
        str(entry) for entry in Path("/sys/block").glob("loop*/loop/backing_file") if directory in entry.read_text()
    ]
    return {
        "namespaces": [path.name for path in Path("/run/netns").glob(f"dr-{name}-*")],
        "files of namespaces": [path.name for path in Path("/etc/netns").glob(f"dr-{name}-*")],
        "mounts": mounts,
        "loop devices": loops,
        "processes": _processes(inodes, directory, name),
        "directory": [directory] if os.path.exists(directory) else [],
    }


def _processes(inodes: set[int], directory: str, name: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_text().split("\0")
            in_network = (entry / "ns" / "net").stat().st_ino in inodes
        except OSError:
            continue
        if in_network or directory in " ".join(words) or words[2:5] == ["--name", name, "serve-power"]:
            found.append(" ".join(words))
    return found


def machine_network() -> list[str]:
    commands = (["ip", "-brief", "link"], ["ip", "route"], ["ip", "rule"], ["nft", "list", "ruleset"])
    return [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in commands]


def test_two_labs_stand_side_by_side_and_nothing_survives_destroy(lab: LabCommand) -> None:
    network = machine_network()
    other = LabCommand("labother")
    other.do("destroy")
    other.do("up")
    try:
        for each in (lab, other):
            each.do("run", "fra-db1", "sh", "-c", f"echo {each.name} > /srv/lab")
        assert [each.ssh("fra-db1", "cat /srv/lab").strip() for each in (lab, other)] == [lab.name, other.name]
        other.do("power-off", "dublin")
        assert lab.knock("controller", "10.20.1.11") == "answered"
        forgotten = subprocess.Popen(
            [str(REPOSITORY / "molecule" / "lab"), "--name", other.name, "exec", "sleep", "600"], start_new_session=True
        )
        assert all(traces(other.name)[kind] for kind in ("namespaces", "loop devices", "processes", "directory"))
    finally:
        other.do("destroy")
    assert forgotten.wait(5) != 0
    assert not any(traces(other.name).values()), traces(other.name)
    assert machine_network() == network
    assert lab.ssh("fra-db1", "hostname").strip() == "fra-db1"


def test_a_lab_that_is_down_comes_back_with_its_disks(lab: LabCommand) -> None:
    lab.do("run", "dub-db1", "sh", "-c", "echo kept > /srv/file")
    lab.do("down")
    left = traces(lab.name)
    assert not any(entries for kind, entries in left.items() if kind != "directory"), left
    lab.do("up")
    assert lab.do("run", "dub-db1", "cat", "/srv/file").strip() == "kept"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["power-off", "atlantis"], "there is no host or place atlantis; known: frankfurt, dublin, witness, fra-db1"),
        (["run", "fra-db9", "true"], "there is no host fra-db9"),
        (["partition", "dublin", "dublin"], "cannot be cut off from itself"),
        (["corrupt", "fra-db1", "srv/x"], "the path on the host must start with /"),
        (["corrupt", "fra-db1", "/srv/absent"], "No such file or directory"),
        (["fill", "fra-db2", "/srv"], "fra-db2"),
        (["rollback", "absent"], "there is no snapshot absent"),
    ],
)
def test_a_wrong_order_is_one_line_that_names_the_cause(lab: LabCommand, words: list[str], expected: str) -> None:
    done = lab.call(*words)
    assert done.returncode == 1
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_lab_that_is_not_up_says_how_to_start_it() -> None:
    absent = LabCommand("lababsent")
    done = absent.call("exec", "true")
    assert (done.returncode, "molecule/lab --name lababsent up" in done.stderr) == (1, True)
    assert not absent.directory.exists()


def test_without_root_one_clear_line_says_so() -> None:
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "molecule/lab", "up"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["lab: the lab needs root, and sudo does not give it without a password"]
