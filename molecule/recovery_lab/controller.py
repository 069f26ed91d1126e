"""Commands at the controller of the lab and inside its hosts."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from recovery_lab import host, kernel, life, network
from recovery_lab.errors import LabError
from recovery_lab.state import Lab
from recovery_lab.topology import Topology

CONTROLLER = "controller"
FIRST_PASSED_DESCRIPTOR = 3


def execute(lab: Lab, topology: Topology, command: Sequence[str], listen: str | None) -> None:
    """Become the command, standing at the controller. With `listen`, it is handed a socket of the machine's network.

    The socket is passed as the first descriptor after the standard ones, as systemd passes it (LISTEN_FDS).
    """
    life.require_running(lab)
    if not command:
        raise LabError("exec needs a command")
    if listen is not None:
        _pass_socket(listen)
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["RECOVERY_LAB"] = lab.name
    os.environ["RECOVERY_JOURNAL_DIRECTORY"] = str(lab.directory / "journal")
    network.write_names(lab, topology)
    _stand_at_the_controller(lab)
    _become(list(command))


def _stand_at_the_controller(lab: Lab) -> None:
    """The controller's network, and its view of names and devices laid over the machine's."""
    directory = os.getcwd()
    kernel.enter_namespace(str(network.NAMESPACES / lab.namespace(CONTROLLER)))
    kernel.unshare_mounts()
    kernel.mount("sysfs", "/sys", "sysfs")
    for name in network.NAME_FILES:
        kernel.mount(str(network.names_directory(lab) / name), f"/etc/{name}", flags=kernel.MOUNT_BIND)
    os.chdir(directory)


def _pass_socket(listen: str) -> None:
    address, _colon, port = listen.rpartition(":")
    if not address or not port.isdigit():
        raise LabError(f"--listen takes ADDRESS:PORT, not {listen!r}")
    try:
        listener = socket.create_server((address, int(port)), backlog=128)
    except OSError as error:
        raise LabError(f"cannot listen at {listen}: {error.strerror}") from error
    handle = listener.detach()
    if handle != FIRST_PASSED_DESCRIPTOR:
        os.dup2(handle, FIRST_PASSED_DESCRIPTOR)
        os.close(handle)
    os.set_inheritable(FIRST_PASSED_DESCRIPTOR, True)


def enter(lab: Lab, topology: Topology, name: str, command: Sequence[str]) -> None:
    """Become a command inside a host, as root; without one, a shell."""
    process = lab.process(topology.host(name).name)
    if process is None:
        raise LabError(f"{name} is off")
    _become([*host.enter_command(process.pid), *(command or ["bash", "-l"])])


def _become(command: list[str]) -> None:
    os.execvp(command[0], command)
