"""Power of the hosts: on, off, and off as when the current fails."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from recovery_lab import host_root, kernel, loop_device, network
from recovery_lab.errors import LabError
from recovery_lab.process import run
from recovery_lab.state import Lab
from recovery_lab.topology import Host, Topology

SSH_PORT = 22
BOOT_SECONDS = 20.0
HALT_SECONDS = 30.0
NAMESPACES = kernel.NEW_HOST_NAME | kernel.NEW_IPC | kernel.NEW_PROCESSES


def power_on(lab: Lab, topology: Topology, hosts: Sequence[Host], shared_root: Path) -> list[str]:
    """Start the hosts that are off, all at once; return their names when ssh answers on each."""
    off = [host for host in hosts if lab.process(host.name) is None]
    with_loop = loop_device.available()
    _make_disks(lab, topology, off, with_loop)
    starting = []
    for host in off:
        loop_device.wait_until_free(lab.disk(host.name))
        network.connect(lab, host)
        starting.append((host, _launch(lab, topology, host, shared_root, with_loop)))
    for host, reader in starting:
        lab.remember_process(host.name, _first_process(host, reader))
    _wait_for_ssh(lab, [host for host, _reader in starting])
    return [host.name for host in off]


def _make_disks(lab: Lab, topology: Topology, hosts: Sequence[Host], with_loop: bool) -> None:
    making = []
    for host in hosts:
        for name in ("disk", "root"):
            (lab.host_directory(host.name) / name).mkdir(parents=True, exist_ok=True)
        image = lab.disk(host.name)
        if not with_loop or image.exists():
            continue
        unfinished = image.with_suffix(".new")
        with unfinished.open("wb") as handle:
            handle.truncate(topology.disk_bytes)
        options = ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"]
        making.append((unfinished, image, subprocess.Popen(["/sbin/mkfs.ext4", *options, str(unfinished)])))
    for unfinished, image, process in making:
        if process.wait() != 0:
            raise LabError(f"no file system could be made in {unfinished}; is the machine's disk full?")
        unfinished.rename(image)


def _launch(lab: Lab, topology: Topology, host: Host, shared_root: Path, with_loop: bool) -> int:
    """Fork the host's first process; return the pipe that tells its pid and, if so, why it failed."""
    device, held = loop_device.attach(lab.disk(host.name)) if with_loop else (None, None)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        inside = host_root.Inside(lab, topology, host, shared_root, device)
        _start_first_process(inside, writer)
    os.close(writer)
    if held is not None:
        # The children have the descriptor too: the device stays until one of them has mounted it or has failed.
        os.close(held)
    os.waitpid(child, 0)
    return reader


def _start_first_process(inside: host_root.Inside, writer: int) -> None:
    """Only for a forked child: never returns."""
    try:
        os.setsid()
        kernel.enter_namespace(str(network.NAMESPACES / inside.lab.namespace(inside.host.name)))
        kernel.unshare_mounts(NAMESPACES)
        first = os.fork()
        if first:
            os.write(writer, f"{first}\n".encode())
            os._exit(0)
        # A signal mask or a handler would survive exec.
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        _redirect(inside.lab.host_directory(inside.host.name) / "console.log")
        host_root.become_host(inside)
    except BaseException as error:  # nothing of the parent's code may run in here
        os.write(writer, f"{error}\n".encode())
    os._exit(1)


def _redirect(console: Path) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    output = os.open(console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _first_process(host: Host, reader: int) -> int:
    """The pipe closes by itself when the host's own init has taken over."""
    with os.fdopen(reader) as stream:
        lines = stream.read().splitlines()
    if len(lines) != 1 or not lines[0].isdigit():
        raise LabError(f"{host.name} does not start: {' '.join(line for line in lines if not line.isdigit())}")
    return int(lines[0])


def _wait_for_ssh(lab: Lab, hosts: Sequence[Host]) -> None:
    """Each host listens, as seen in its own namespace: a cut on the way to it does not matter here."""
    deadline = time.monotonic() + BOOT_SECONDS
    wanted = f":{SSH_PORT:04X} 00000000:0000 0A"
    for host in hosts:
        process = lab.process(host.name)
        while process is not None and process.is_alive and not _listens(process.pid, wanted):
            if time.monotonic() > deadline:
                raise LabError(f"{host.name} does not listen for ssh; see {_console(lab, host)}")
            time.sleep(0.01)
        if process is None or not process.is_alive:
            raise LabError(f"{host.name} ended while it started; see {_console(lab, host)}")


def _listens(pid: int, wanted: str) -> bool:
    try:
        return wanted in Path(f"/proc/{pid}/net/tcp").read_text()
    except OSError:
        return False


def _console(lab: Lab, host: Host) -> Path:
    return lab.host_directory(host.name) / "console.log"


def power_off(lab: Lab, hosts: Sequence[Host], *, lose_unsynced: bool = False) -> list[str]:
    """Cut the current: silent at once, every process gone, nothing said to anybody."""
    running = [(host, process) for host in hosts if (process := lab.process(host.name))]
    devices = _disks_in_use(lab, [host for host, _process in running]) if lose_unsynced else []
    network.unplug(lab, hosts)
    for device in devices:
        _lose_unsynced(device)
    for _host, process in running:
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + BOOT_SECONDS
    for host, process in running:
        while process.is_alive:
            if time.monotonic() > deadline:
                raise LabError(f"the first process of {host.name} ({process.pid}) does not die")
            time.sleep(0.002)
    network.disconnect(lab, *(host.name for host in hosts))
    for host in hosts:
        lab.forget_process(host.name)
    return [host.name for host, _process in running]


def _disks_in_use(lab: Lab, hosts: Sequence[Host]) -> list[str]:
    found = []
    for host in hosts:
        devices = loop_device.devices_of(lab.disk(host.name))
        if not devices:
            raise LabError(f"{host.name} has no disk of its own here, so its unsynced writes cannot be lost")
        found.append(devices[0])
    return found


def _lose_unsynced(device: str) -> None:
    """Stop a host's disk as a power failure does: what was not synced never reaches it."""

    def shut_down() -> None:
        kernel.unshare_mounts()
        with tempfile.TemporaryDirectory() as directory:
            kernel.mount(device, directory, "ext4")
            kernel.shut_file_system_down(directory)
            kernel.unmount(directory)

    kernel.in_child(shut_down)


def halt(lab: Lab, hosts: Sequence[Host]) -> None:
    """Stop the hosts' services in order, then switch them off: the way before a copy of the disks is taken."""
    stopping = []
    for host in hosts:
        process = lab.process(host.name)
        if process is not None:
            command = [*enter_command(process.pid), "timeout", f"{HALT_SECONDS:g}", "/usr/local/sbin/recovery-halt"]
            stopping.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))  # fmt: skip
    for stopper in stopping:
        stopper.wait()
    power_off(lab, hosts)


def enter_command(pid: int) -> list[str]:
    """The words before a command that is to run inside a host, as root."""
    clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
    terminal = [f"TERM={os.environ['TERM']}"] if "TERM" in os.environ else []
    return ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", *clean, *terminal, "LANG=C.UTF-8"]


def run_in(lab: Lab, host: Host, command: Sequence[str]) -> str:
    process = lab.process(host.name)
    if process is None:
        raise LabError(f"{host.name} is off")
    return run([*enter_command(process.pid), *command])
