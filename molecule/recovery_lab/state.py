"""Where a lab keeps itself: build/lab/<name>/ with disks, keys, certificates, and who runs as which process."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from recovery_lab import kernel
from recovery_lab.errors import LabError
from recovery_lab.topology import REPOSITORY

NAME = re.compile(r"^[a-z][a-z0-9]{0,11}$")


@dataclass(frozen=True)
class Process:
    """A process that is named for good: a pid alone may have been given to another."""

    pid: int
    started: int

    @property
    def is_alive(self) -> bool:
        return kernel.start_time(self.pid) == self.started


@dataclass(frozen=True)
class Lab:
    name: str

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise LabError(f"a lab's name is at most 12 small letters and digits, not {self.name!r}")

    @property
    def directory(self) -> Path:
        return REPOSITORY / "build" / "lab" / self.name

    def namespace(self, port: str) -> str:
        """The network namespace of a host or outlet."""
        return f"dr-{self.name}-{port}"

    @property
    def router(self) -> str:
        return self.namespace("router")

    def host_directory(self, host: str) -> Path:
        return self.directory / "hosts" / host

    def disk(self, host: str) -> Path:
        return self.host_directory(host) / "disk.img"

    def make_directories(self) -> None:
        for name in ("hosts", "ssh", "ssh/control", "tls", "identity", "journal", "report", "power", "run"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "ssh").chmod(0o700)
        (self.directory / "ssh" / "control").chmod(0o700)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One change of the lab at a time; readers do not wait."""
        self.lock_file.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with self.lock_file.open("a") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if _is_the_file_at(handle.fileno(), self.lock_file):
                    yield
                    return

    @property
    def lock_file(self) -> Path:
        return self.directory.parent / f".{self.name}.lock"

    def remember_process(self, key: str, pid: int) -> None:
        started = kernel.start_time(pid)
        if started is None:
            raise LabError(f"{key} ended as soon as it was started; see {self.host_directory(key) / 'console.log'}")
        write_atomically(self.directory / "run" / f"{key}.json", json.dumps(asdict(Process(pid, started))))

    def process(self, key: str) -> Process | None:
        """The living process of a host (its first) or of the power switch."""
        try:
            process = Process(**json.loads((self.directory / "run" / f"{key}.json").read_text()))
        except FileNotFoundError:
            return None
        return process if process.is_alive else None

    def forget_process(self, key: str) -> None:
        (self.directory / "run" / f"{key}.json").unlink(missing_ok=True)

    @property
    def cuts_file(self) -> Path:
        return self.directory / "run" / "cuts.json"

    @property
    def root_file(self) -> Path:
        """Which root file system the disks of this lab were made for."""
        return self.directory / "run" / "rootfs"


def _is_the_file_at(descriptor: int, path: Path) -> bool:
    """Whoever destroys a lab removes its lock, too: one that waited for it holds a file that is no more."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    temporary.rename(path)
