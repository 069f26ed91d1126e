# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers of a test: started in a directory of their own, waited for by a predicate, ended by process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def free_port(addresses: Sequence[str] = ("127.0.0.1",)) -> int:
    """A port that is free for TCP and UDP at every one of the addresses."""
    for _attempt in range(100):
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port = int(probe.getsockname()[1])
        if all(_is_free(address, port, kind) for address in addresses for kind in _KINDS):
            return port
    raise RuntimeError(f"no port is free at {', '.join(addresses)}")


_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


def _is_free(address: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def wait_until(
    what: str, is_reached: Callable[[], bool], *, seconds: float = 10.0, every_seconds: float = 0.02
) -> None:
    """Look again and again, a little apart, until it is so."""
    ends = time.monotonic() + seconds
    while not is_reached():
        if time.monotonic() > ends:
            raise AssertionError(f"not so after {seconds:g} s: {what}")
        time.sleep(every_seconds)


def place_for_data() -> str:
    """Where directories of databases are made: in memory if there is room, since thousands of files come and go."""
    memory = "/dev/shm"
    is_roomy = os.path.isdir(memory) and shutil.disk_usage(memory).free > 2**31
    return memory if is_roomy else tempfile.gettempdir()


@contextmanager
def open_directory(user: str) -> Iterator[Path]:
    """A directory that a server of another user can reach and write, removed at the end."""
    directory = Path(tempfile.mkdtemp(prefix="recovery-test-", dir=place_for_data()))
    try:
        directory.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(directory, user, user)
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def running(argv: Sequence[str], log: Path, *, user: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the foreground; ended with everything it started."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user if os.geteuid() == 0 else None,
            group=user if os.geteuid() == 0 else None,
            extra_groups=[] if user and os.geteuid() == 0 else None,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
