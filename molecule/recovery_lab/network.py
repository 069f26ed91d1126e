"""The lab's own network: a namespace per host, a routing namespace with one bridge per place, and the cuts in it.

The machine's own interfaces and routes are never touched, and nothing in here has a route out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from recovery_lab.errors import LabError
from recovery_lab.process import run
from recovery_lab.state import Lab, write_atomically
from recovery_lab.topology import Place, Port, Topology

NAMESPACES = Path("/run/netns")
NAME_FILES = ("hosts", "resolv.conf")
PLUG_ATTEMPTS = 5


def exists(namespace: str) -> bool:
    return (NAMESPACES / namespace).exists()


def namespaces_of(lab: Lab) -> list[str]:
    prefix = lab.namespace("")
    return sorted(path.name for path in NAMESPACES.glob(f"{prefix}*"))


def _inside(namespace: str) -> list[str]:
    """The words before a command that is to see this network. (`ip netns exec` fails where / is no mount point.)"""
    return ["nsenter", f"--net={NAMESPACES / namespace}"]


def _batch(namespace: str | None, lines: Iterable[str]) -> None:
    """Several ip commands in one process."""
    run([*(_inside(namespace) if namespace else []), "ip", "-batch", "-"], text="\n".join(lines) + "\n")


def create_router(lab: Lab, topology: Topology) -> None:
    if exists(lab.router):
        return
    _batch(None, [f"netns add {lab.router}"])
    try:
        commands = ["link set lo up"]
        for place in topology.places.values():
            commands += _bridge_commands(place)
        _batch(lab.router, commands)
        run([*_inside(lab.router), "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])
        lab.cuts_file.unlink(missing_ok=True)
        apply_cuts(lab, topology, [])
    except LabError:
        _batch(None, [f"netns del {lab.router}"])
        raise


def _bridge_commands(place: Place) -> list[str]:
    # A bridge takes the lowest address of its ports unless it has one of its own; neighbours must not see it change.
    hardware = "02:00:" + ":".join(f"{int(part):02x}" for part in place.gateway.split("."))
    return [
        f"link add {place.bridge} address {hardware} type bridge forward_delay 0 stp_state 0",
        f"address add {place.gateway}/{place.subnet.prefixlen} dev {place.bridge}",
        f"link set {place.bridge} up",
    ]


def connect(lab: Lab, port: Port) -> None:
    """Make the port's namespace and plug its cable in."""
    namespace = lab.namespace(port.name)
    if exists(namespace):
        return
    _batch(None, [f"netns add {namespace}"])
    try:
        _plug_in(lab, port, namespace)
        _batch(
            namespace,
            [
                "link set lo up",
                f"address add {port.cidr} dev eth0",
                "link set eth0 up",
                f"route add default via {port.place.gateway}",
            ],
        )
    except LabError:
        disconnect(lab, port.name)
        raise


def _plug_in(lab: Lab, port: Port, namespace: str) -> None:
    commands = [
        f"link add {port.link} type veth peer name eth0 address {port.hardware_address} netns {namespace}",
        f"link set {port.link} master {port.place.bridge} up",
    ]
    for _attempt in range(PLUG_ATTEMPTS):
        try:
            _batch(lab.router, commands)
            return
        except LabError as error:
            problem = error
        # The kernel takes an old namespace's cable away in its own time; here it was not yet done, or is done by now.
        if port.link in _links(lab):
            with suppress(LabError):
                _batch(lab.router, [f"link del {port.link}"])
    raise problem


def _links(lab: Lab) -> set[str]:
    """The router's ends of the cables that are plugged in."""
    return {entry["ifname"] for entry in json.loads(run([*_inside(lab.router), "ip", "-json", "link", "show"]))}


def unplug(lab: Lab, ports: Sequence[Port]) -> None:
    """Pull the cables: all ports fall silent at once, as switched-off machines do. No reset, no farewell."""
    links = [port.link for port in ports if exists(lab.namespace(port.name))]
    if links and exists(lab.router):
        plugged = _links(lab)
        links = [link for link in links if link in plugged]
    if links:
        _batch(lab.router, [f"link set {link} down" for link in links])


def disconnect(lab: Lab, *names: str) -> None:
    """Let go of the namespaces; the kernel takes each away when its last process is gone."""
    namespaces = [lab.namespace(name) for name in names]
    if any(exists(namespace) for namespace in namespaces):
        _batch(None, [f"netns del {namespace}" for namespace in namespaces if exists(namespace)])


def hosts_file(topology: Topology) -> str:
    """Names of hosts and services. The shop's public name is not among them: only the name servers know it."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    lines += [f"{port.address} {port.name}" for port in [*topology.hosts.values(), *topology.outlets.values()]]
    lines += [f"{address} {name}" for name, address in topology.names.items()]
    return "\n".join(lines) + "\n"


def resolver_file(topology: Topology) -> str:
    return f"nameserver {topology.name_server}\noptions timeout:1 attempts:2\n"


def names_directory(lab: Lab) -> Path:
    """What is laid over /etc for commands at the controller."""
    return lab.directory / "names"


def write_names(lab: Lab, topology: Topology) -> None:
    names_directory(lab).mkdir(exist_ok=True)
    for name, content in zip(NAME_FILES, (hosts_file(topology), resolver_file(topology)), strict=True):
        path = names_directory(lab) / name
        if not path.exists() or path.read_text() != content:
            path.write_text(content)
        Path("/etc", name).touch()  # on a bare machine there may be nothing to lay it over


def cuts(lab: Lab) -> list[list[str]]:
    """The cuts that stand: ["partition", A, B] or ["isolate", NAME]."""
    try:
        loaded: list[list[str]] = json.loads(lab.cuts_file.read_text())
    except FileNotFoundError:
        return []
    return loaded


def apply_cuts(lab: Lab, topology: Topology, wanted: list[list[str]]) -> None:
    """Put exactly these cuts into force, in one transaction. A cut drops silently, in both directions."""
    rules: list[str] = []
    for kind, *names in wanted:
        rules += _partition_rules(topology, *names) if kind == "partition" else _isolation_rules(topology, *names)
    run([*_inside(lab.router), "nft", "-f", "-"], text=_ruleset(rules))
    write_atomically(lab.cuts_file, json.dumps(wanted))


def _ruleset(rules: list[str]) -> str:
    chains = (
        # The router does not tell on a silent host: to the other places a dead host is silence, not an error.
        "add table inet lab\nflush table inet lab\n"
        "add chain inet lab silence { type filter hook output priority 0; }\n"
        "add rule inet lab silence icmp type destination-unreachable drop\n"
        "add chain inet lab routed { type filter hook forward priority 0; }\n"
        "add table bridge lab\nflush table bridge lab\n"
        "add chain bridge lab incoming { type filter hook prerouting priority -300; }\n"
        "add chain bridge lab outgoing { type filter hook postrouting priority 300; }\n"
        "add chain bridge lab bridged { type filter hook forward priority 0; }\n"
    )
    return chains + "".join(f"add rule {rule} drop\n" for rule in rules)


def _partition_rules(topology: Topology, one: str, other: str) -> list[str]:
    here, there = (_addresses(topology.ports_named(name)) for name in (one, other))
    pairs = [(here, there), (there, here)]
    return [
        f"{chain} ip saddr {{ {source} }} ip daddr {{ {target} }}"
        for chain in ("inet lab routed", "bridge lab bridged")
        for source, target in pairs
    ]


def _isolation_rules(topology: Topology, name: str) -> list[str]:
    if name in topology.places:
        subnet = topology.places[name].subnet
        # A machine may pass bridged packets through here as well: what stays inside the place is not meant.
        directions = (("saddr", "daddr"), ("daddr", "saddr"))
        return [f"inet lab routed ip {one} {subnet} ip {other} != {subnet}" for one, other in directions]
    return [
        rule
        for port in topology.ports_named(name)
        for rule in (f'bridge lab incoming iifname "{port.link}"', f'bridge lab outgoing oifname "{port.link}"')
    ]


def _addresses(ports: list[Port]) -> str:
    return ", ".join(port.address for port in ports)
