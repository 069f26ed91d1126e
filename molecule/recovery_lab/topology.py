"""What the lab consists of: places with a subnet each, hosts with an address each. Read from molecule/topology.json."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recovery_lab.errors import LabError

MOLECULE = Path(__file__).resolve().parent.parent
REPOSITORY = MOLECULE.parent


@dataclass(frozen=True)
class Place:
    """A subnet of its own: a site, the witness, or where the controller stands."""

    name: str
    subnet: ipaddress.IPv4Network
    is_site: bool

    @property
    def gateway(self) -> str:
        return str(self.subnet[1])

    @property
    def bridge(self) -> str:
        return f"br-{self.name}"[:15]


@dataclass(frozen=True)
class Port:
    """A network namespace with one address. An outlet is a port without a host in it."""

    name: str
    place: Place
    address: str

    @property
    def cidr(self) -> str:
        return f"{self.address}/{self.place.subnet.prefixlen}"

    @property
    def link(self) -> str:
        """The router's end of the cable."""
        return f"v-{self.name}"[:15]

    @property
    def hardware_address(self) -> str:
        """Derived from the address, so that a host that was off for a while is known to its neighbours at once."""
        return "02:00:" + ":".join(f"{int(part):02x}" for part in self.address.split("."))


@dataclass(frozen=True)
class Host(Port):
    is_spare: bool
    certificate: str | None


@dataclass(frozen=True)
class Certificate:
    key: str
    name: str
    address: str


@dataclass(frozen=True)
class PowerSwitch:
    port: int
    user: str
    password_file: Path
    password_variable: str


@dataclass(frozen=True)
class Topology:
    places: dict[str, Place]
    hosts: dict[str, Host]
    outlets: dict[str, Port]
    names: dict[str, str]
    certificates: dict[str, Certificate]
    name_server: str
    power_switch: PowerSwitch
    disk_bytes: int

    @property
    def sites(self) -> dict[str, list[Host]]:
        """The hosts of each site, by the site's key."""
        return {place.name: self.hosts_of(place.name) for place in self.places.values() if place.is_site}

    def hosts_of(self, place: str) -> list[Host]:
        return [host for host in self.hosts.values() if host.place.name == place]

    def host(self, name: str) -> Host:
        if name not in self.hosts:
            raise LabError(f"there is no host {name}; known: {', '.join(self.hosts)}")
        return self.hosts[name]

    def hosts_named(self, name: str) -> list[Host]:
        """The hosts meant by the name of a host or of a place."""
        if name in self.places and self.hosts_of(name):
            return self.hosts_of(name)
        if name in self.hosts:
            return [self.hosts[name]]
        places = [place for place in self.places if self.hosts_of(place)]
        raise LabError(f"there is no host or place {name}; known: {', '.join([*places, *self.hosts])}")

    def ports_named(self, name: str) -> list[Port]:
        """The ports meant by a name; places include their outlets (the power switch, the controller)."""
        every: dict[str, Port] = {**self.hosts, **self.outlets}
        if name in self.places:
            return [port for port in every.values() if port.place.name == name]
        if name in every:
            return [every[name]]
        raise LabError(f"there is no host or place {name}; known: {', '.join([*self.places, *every])}")


@cache
def load() -> Topology:
    document: dict[str, Any] = json.loads((MOLECULE / "topology.json").read_text())
    places = {
        name: Place(name, ipaddress.IPv4Network(entry["subnet"]), entry["site"])
        for name, entry in document["places"].items()
    }
    hosts = {
        name: Host(name, places[entry["place"]], entry["address"], entry.get("spare", False), entry.get("certificate"))
        for name, entry in document["hosts"].items()
    }
    switch = document["power_switch"]
    return Topology(
        places=places,
        hosts=hosts,
        outlets={
            name: Port(name, places[entry["place"]], entry["address"]) for name, entry in document["outlets"].items()
        },
        names=document["names"],
        certificates={
            key: Certificate(key, entry["name"], entry["address"]) for key, entry in document["certificates"].items()
        },
        name_server=document["name_server"],
        power_switch=PowerSwitch(
            switch["port"], switch["user"], REPOSITORY / switch["password_file"], switch["password_variable"]
        ),
        disk_bytes=document["disk_bytes"],
    )
