"""A lab from its first start to the moment when nothing of it is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from recovery_lab import credentials, faults, host, loop_device, machine, network, root_file_system
from recovery_lab.errors import LabError
from recovery_lab.state import Lab, write_atomically
from recovery_lab.topology import MOLECULE, Host, Topology

POWER_SWITCH = "power-switch"
SWITCH_SECONDS = 10.0


def up(lab: Lab, topology: Topology, *, spares: bool = False) -> list[str]:
    """Bring up what is down; return the hosts that were started."""
    machine.check()
    lab.make_directories()
    shared_root = root_of(lab)
    credentials.make(lab, topology)
    network.create_router(lab, topology)
    for outlet in topology.outlets.values():
        network.connect(lab, outlet)
    _start_power_switch(lab, topology)
    wanted = [entry for entry in topology.hosts.values() if spares or not entry.is_spare]
    return host.power_on(lab, topology, wanted, shared_root)


def root_of(lab: Lab) -> Path:
    """The root file system that this lab's disks were made for, also when the recipe has changed since."""
    if lab.root_file.exists():
        chosen = Path(lab.root_file.read_text().strip())
        if chosen.is_dir():
            return chosen
        if any(lab.directory.glob("hosts/*/disk.img")):
            raise LabError(f"{chosen}, which this lab's disks were made for, is gone; destroy the lab and start anew")
    chosen = root_file_system.ensure_root()
    write_atomically(lab.root_file, f"{chosen}\n")
    return chosen


def power_on(lab: Lab, topology: Topology, names: list[str]) -> list[str]:
    require_running(lab)
    hosts = hosts_named(topology, names)
    return host.power_on(lab, topology, hosts, root_of(lab))


def hosts_named(topology: Topology, names: list[str]) -> list[Host]:
    """Hosts and places by name. A place means its hosts in use: a spare is switched on by its own name only."""
    found = []
    for name in names:
        named = topology.hosts_named(name)
        found += [entry for entry in named if not entry.is_spare or entry.name == name]
    return found


def require_running(lab: Lab) -> None:
    if not network.exists(lab.router):
        raise LabError(f"the lab {lab.name} is not up; start it with: molecule/lab --name {lab.name} up")


def _start_power_switch(lab: Lab, topology: Topology) -> None:
    if lab.process(POWER_SWITCH) is not None:
        return
    command = [str(MOLECULE / "lab"), "--name", lab.name, "serve-power"]
    with (lab.directory / "power" / "switch.log").open("a") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )
    lab.remember_process(POWER_SWITCH, process.pid)
    ready = lab.directory / "power" / "ready"
    deadline = time.monotonic() + SWITCH_SECONDS
    while not (ready.exists() and ready.read_text() == str(process.pid)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"the power switch does not start; see {lab.directory / 'power' / 'switch.log'}")
        time.sleep(0.01)


def down(lab: Lab, topology: Topology) -> None:
    """Stop the services in order, switch off, take the network away. Disks, keys and records stay."""
    host.halt(lab, list(topology.hosts.values()))
    _take_down(lab, topology)


def destroy(lab: Lab, topology: Topology) -> None:
    """Leave nothing: no process, no mount, no loop device, no namespace, no file."""
    _take_down(lab, topology)
    for image in lab.directory.glob("hosts/*/disk.img"):
        loop_device.wait_until_free(image)
    shutil.rmtree(lab.directory, ignore_errors=True)
    lab.lock_file.unlink(missing_ok=True)


def _take_down(lab: Lab, topology: Topology) -> None:
    host.power_off(lab, list(topology.hosts.values()))
    switch = lab.process(POWER_SWITCH)
    if switch is not None:
        os.kill(switch.pid, signal.SIGTERM)
        deadline = time.monotonic() + SWITCH_SECONDS
        while switch.is_alive:
            if time.monotonic() > deadline:
                os.kill(switch.pid, signal.SIGKILL)
            time.sleep(0.01)
    lab.forget_process(POWER_SWITCH)
    namespaces = network.namespaces_of(lab)
    for namespace in namespaces:
        _end_processes_in(namespace)
    network.disconnect(lab, *(namespace.removeprefix(lab.namespace("")) for namespace in namespaces))
    lab.cuts_file.unlink(missing_ok=True)


def _end_processes_in(namespace: str) -> None:
    """What was started with `exec` and forgotten must not outlive its network. We ourselves may stand in there."""
    inode = os.stat(network.NAMESPACES / namespace).st_ino
    ours = _ancestors(os.getpid())
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in ours:
            try:
                if os.stat(f"/proc/{entry}/ns/net").st_ino == inode:
                    os.kill(int(entry), signal.SIGKILL)
            except OSError:
                continue


def _ancestors(pid: int) -> set[int]:
    found = set()
    while pid > 0:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def status(lab: Lab, topology: Topology) -> dict[str, Any]:
    hosts = {}
    for entry in topology.hosts.values():
        process = lab.process(entry.name)
        image = lab.disk(entry.name)
        hosts[entry.name] = {
            "place": entry.place.name,
            "address": entry.address,
            "power": "on" if process else "off",
            "frozen": bool(process and faults.is_frozen(process.pid)),
            "pid": process.pid if process else None,
            "spare": entry.is_spare,
            "disk_bytes": image.stat().st_blocks * 512 if image.exists() else 0,
        }
    return {
        "name": lab.name,
        "up": network.exists(lab.router),
        "power_switch": lab.process(POWER_SWITCH) is not None,
        "cuts": network.cuts(lab) if network.exists(lab.router) else [],
        "hosts": hosts,
        "directory": str(lab.directory),
        "root_file_system": lab.root_file.read_text().strip() if lab.root_file.exists() else None,
    }
