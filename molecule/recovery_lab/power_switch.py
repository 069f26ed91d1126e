"""The power switch of the sites: a small Redfish service that stands outside of them and can be believed.

It listens in the lab's network and works on the machine. What it says of a host is what it sees, not what it ordered.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from recovery_lab import credentials, kernel, network
from recovery_lab.state import Lab, write_atomically
from recovery_lab.topology import MOLECULE, Topology

ROOT = "/redfish/v1"
SYSTEM = re.compile(rf"^{ROOT}/Systems/([a-z0-9-]+)$")
RESET = re.compile(rf"^{ROOT}/Systems/([a-z0-9-]+)/Actions/ComputerSystem\.Reset$")
ORDERS = {"ForceOff": ["power-off"], "On": ["power-on"], "ForceRestart": ["power-off", "power-on"]}
CONNECTION_SECONDS = 10
ORDER_SECONDS = 60
LARGEST_BODY = 65536


class PowerSwitch:
    """What the switch knows and can do; the web server around it only speaks Redfish."""

    def __init__(self, lab: Lab, topology: Topology) -> None:
        self._lab = lab
        self._topology = topology
        self._password = credentials.power_password_file(lab).read_text()

    def systems(self) -> list[str]:
        return [*self._topology.sites, *self._topology.hosts]

    def admits(self, authorization: str) -> bool:
        kind, _space, encoded = authorization.partition(" ")
        expected = base64.b64encode(f"{self._topology.power_switch.user}:{self._password}".encode()).decode()
        return kind == "Basic" and hmac.compare_digest(encoded, expected)

    def system(self, name: str) -> dict[str, Any]:
        """A host, or a site with all its hosts: a site is off only when every host of it is."""
        hosts = self._topology.sites.get(name) or [self._topology.host(name)]
        members = {host.name: "On" if self._lab.process(host.name) else "Off" for host in hosts}
        path = f"{ROOT}/Systems/{name}"
        document: dict[str, Any] = {
            "@odata.id": path,
            "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
            "Id": name,
            "Name": name,
            "SystemType": "Physical",
            "PowerState": "On" if "On" in members.values() else "Off",
            "Actions": {
                "#ComputerSystem.Reset": {
                    "target": f"{path}/Actions/ComputerSystem.Reset",
                    "ResetType@Redfish.AllowableValues": list(ORDERS),
                }
            },
        }
        if name in self._topology.sites:
            document["Members"] = [
                {"@odata.id": f"{ROOT}/Systems/{host}", "Id": host, "PowerState": state}
                for host, state in members.items()
            ]
        return document

    def order(self, name: str, reset_type: str) -> str | None:
        """Carry the order out; return what went wrong."""
        for verb in ORDERS[reset_type]:
            command = [str(MOLECULE / "lab"), "--name", self._lab.name, verb, name]
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=ORDER_SECONDS,
                    check=False,
                    stdin=subprocess.DEVNULL,
                )
            except subprocess.TimeoutExpired:
                return f"{verb} {name} took longer than {ORDER_SECONDS} s"
            if done.returncode != 0:
                return done.stderr.strip() or f"{verb} {name} failed"
        return None


class Handler(BaseHTTPRequestHandler):
    switch: PowerSwitch
    protocol_version = "HTTP/1.1"
    timeout = CONNECTION_SECONDS

    def do_GET(self) -> None:
        if self.path.rstrip("/") == ROOT:
            links = {"@odata.id": f"{ROOT}/", "Id": "RootService", "RedfishVersion": "1.15.0"}
            self._answer(200, {**links, "Systems": {"@odata.id": f"{ROOT}/Systems"}})
        elif not self._admitted():
            return
        elif self.path.rstrip("/") == f"{ROOT}/Systems":
            members = [{"@odata.id": f"{ROOT}/Systems/{name}"} for name in self.switch.systems()]
            self._answer(200, {"Members": members, "Members@odata.count": len(members)})
        elif (match := SYSTEM.match(self.path)) and match.group(1) in self.switch.systems():
            self._answer(200, self.switch.system(match.group(1)))
        else:
            self._refuse(404, f"there is no {self.path}")

    def do_POST(self) -> None:
        body = self._body()
        if not self._admitted():
            return
        match = RESET.match(self.path)
        if match is None or match.group(1) not in self.switch.systems():
            self._refuse(404, f"there is no {self.path}")
        elif not isinstance(body, dict) or body.get("ResetType") not in ORDERS:
            self._refuse(400, f"ResetType must be one of {', '.join(ORDERS)}")
        elif problem := self.switch.order(match.group(1), body["ResetType"]):
            self._refuse(500, problem)
        else:
            self._answer(204, None)

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LARGEST_BODY:
            return None
        try:
            return json.loads(self.rfile.read(length))
        except ValueError:
            return None

    def _admitted(self) -> bool:
        if self.switch.admits(self.headers.get("Authorization") or ""):
            return True
        self._refuse(401, "user or password is wrong")
        return False

    def _refuse(self, code: int, message: str) -> None:
        self._answer(code, {"error": {"code": "Base.1.15.GeneralError", "message": message}})

    def _answer(self, code: int, document: dict[str, Any] | None) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(code)
        if code == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="power"')
        if document is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """TLS is spoken in the connection's own thread, so that a silent client holds up nobody else."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(CONNECTION_SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


def listen_inside(namespace: str, address: str, port: int) -> socket.socket:
    """A socket belongs to the network in which it was made: make it in there and come back."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        kernel.enter_namespace(str(network.NAMESPACES / namespace))
        try:
            return socket.create_server((address, port), backlog=64)
        finally:
            kernel.enter_namespace(f"/proc/self/fd/{home}")
    finally:
        os.close(home)


def serve(lab: Lab, topology: Topology) -> None:
    """Until told to end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab.directory / "tls" / "power.pem", lab.directory / "tls" / "power.key")
    outlet = topology.outlets["power"]
    listener = listen_inside(lab.namespace(outlet.name), outlet.address, topology.power_switch.port)
    Handler.switch = PowerSwitch(lab, topology)
    server = Server(listener, context)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    write_atomically(lab.directory / "power" / "ready", str(os.getpid()))
    server.serve_forever(poll_interval=0.1)
