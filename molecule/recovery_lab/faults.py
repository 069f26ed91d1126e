"""What can befall a host besides losing its power: cut cables, a full disk, flipped bits, a frozen machine."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from recovery_lab import kernel, network
from recovery_lab.errors import LabError
from recovery_lab.state import Lab, Process
from recovery_lab.topology import Host, Topology

FILLER = ".recovery-lab-fill"
FREEZE_SECONDS = 5.0


def partition(lab: Lab, topology: Topology, one: str, other: str) -> None:
    if one == other:
        raise LabError(f"{one} cannot be cut off from itself")
    _add_cut(lab, topology, ["partition", *sorted((one, other))])


def isolate(lab: Lab, topology: Topology, name: str) -> None:
    _add_cut(lab, topology, ["isolate", name])


def _add_cut(lab: Lab, topology: Topology, cut: list[str]) -> None:
    standing = network.cuts(lab)
    if cut not in standing:
        network.apply_cuts(lab, topology, [*standing, cut])


def heal(lab: Lab, topology: Topology, names: list[str]) -> None:
    """Undo every cut, or those that name exactly these places or hosts."""
    kept = [cut for cut in network.cuts(lab) if names and sorted(cut[1:]) != sorted(names)]
    network.apply_cuts(lab, topology, kept)


def _living(lab: Lab, host: Host) -> Process:
    process = lab.process(host.name)
    if process is None:
        raise LabError(f"{host.name} is off; power it on first")
    return process


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise LabError(f"the path on the host must start with /, not {path!r}")
    return path


def fill(lab: Lab, host: Host, path: str, leave: int) -> int:
    """Take all room of the file system below path but `leave` bytes; return the bytes taken."""
    if lab.disk(host.name).exists() is False:
        raise LabError(f"{host.name} has no disk of its own here: filling it would fill the machine's")
    pid = _living(lab, host).pid
    taken: int = kernel.in_host(pid, lambda: _fill(Path(_absolute(path)) / FILLER, leave))
    return taken


def _fill(filler: Path, leave: int) -> int:
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        step = 1 << 30
        while step >= 4096:
            room = _room(handle) - leave
            if room < step:
                step //= 2
                continue
            try:
                os.posix_fallocate(handle, size, step)
                size += step
            except OSError:
                step //= 2
        os.fsync(handle)
        return size
    finally:
        os.close(handle)


def _room(handle: int) -> int:
    status = os.fstatvfs(handle)
    return status.f_bavail * status.f_frsize


def release(lab: Lab, host: Host, path: str) -> None:
    """Give back what `fill` took."""
    kernel.in_host(_living(lab, host).pid, lambda: (Path(_absolute(path)) / FILLER).unlink(missing_ok=True))


def corrupt(lab: Lab, host: Host, path: str, count: int, seed: int) -> list[int]:
    """Change `count` bytes of a file as a failing disk does: size and times stay; return the offsets."""
    offsets: list[int] = kernel.in_host(_living(lab, host).pid, lambda: _corrupt(_absolute(path), count, seed))
    return offsets


def _corrupt(path: str, count: int, seed: int) -> list[int]:
    handle = os.open(path, os.O_RDWR)
    try:
        before = os.fstat(handle)
        if before.st_size == 0:
            raise LabError(f"{path} is empty, there is nothing to corrupt")
        chance = random.Random(seed)
        offsets = sorted(chance.sample(range(before.st_size), min(count, before.st_size)))
        for offset in offsets:
            byte = os.pread(handle, 1, offset)[0]
            os.pwrite(handle, bytes([byte ^ chance.randrange(1, 256)]), offset)
        os.fsync(handle)
        os.utime(handle, ns=(before.st_atime_ns, before.st_mtime_ns))
        return offsets
    finally:
        os.close(handle)


def freeze(lab: Lab, host: Host) -> int:
    """Stop every process of the host where it stands; return how many. Its network stack still answers."""
    process = _living(lab, host)
    deadline = time.monotonic() + FREEZE_SECONDS
    while running := [pid for pid in processes_of(process.pid) if _state(pid) not in "TtZX"]:
        if time.monotonic() > deadline:
            raise LabError(f"{len(running)} processes of {host.name} do not stop")
        _signal(running, signal.SIGSTOP)
    return len(list(processes_of(process.pid)))


def thaw(lab: Lab, host: Host) -> int:
    pids = list(processes_of(_living(lab, host).pid))
    _signal(pids, signal.SIGCONT)
    return len(pids)


def is_frozen(pid: int) -> bool:
    return _state(pid) in "Tt"


def processes_of(first: int) -> Iterator[int]:
    """The processes of a host, as the machine counts them."""
    try:
        namespace = os.stat(f"/proc/{first}/ns/pid").st_ino
    except OSError:
        return
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.stat(f"/proc/{entry}/ns/pid").st_ino == namespace:
                    yield int(entry)
            except OSError:
                continue


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
