# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A primary name server and two secondaries, with TSIG keys, on loopback."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.tsig
import dns.update
from tests.integration.servers.process import free_port, running, wait_until

# Each test session has addresses of its own, so that two of them do not take each other's away.
NETWORK = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 256}"
PRIMARY, SECONDARY, LATE_SECONDARY, NOBODY = (f"{NETWORK}.{number}" for number in (1, 2, 3, 9))
ADDRESSES = (PRIMARY, SECONDARY, LATE_SECONDARY)
SECRET = base64.b64encode(b"example-only-tsig-key-secret-bytes").decode()
OTHER_SECRET = base64.b64encode(b"example-only-another-secret-bytes!").decode()
ZONE = "storefront.example."
# The late secondary is never told of a change in this zone.
STALE_ZONE = "stale.example."

ZONE_FILE = """$TTL 5
@ IN SOA ns1 hostmaster 10 3600 3600 86400 3
@ IN NS ns1
ns1 IN A 192.0.2.1
shop 5 IN A 10.10.1.31
long 86400 IN A 10.10.1.31
_recovery 5 IN TXT "site=frankfurt counter=3"
"""

OPTIONS = """
options {{
  directory "{directory}"; pid-file none; session-keyfile "{directory}/session.key"; lock-file none;
  listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; allow-query {{ any; }}; allow-transfer {{ any; }};
  notify explicit; notify-delay 0; startup-notify-rate 1000; notify-rate 1000; serial-query-rate 1000;
  query-source address {address}; transfer-source {address}; notify-source {address};
}};
controls {{ }};
key "recovery-key." {{ algorithm hmac-sha256; secret "{secret}"; }};
key "powerless-key." {{ algorithm hmac-sha256; secret "{secret}"; }};
"""


@dataclass(frozen=True)
class NameServers:
    """Where the servers listen, and the option ``server`` for them."""

    port: int

    def option(self, zone: str = ZONE, **changed: Any) -> dict[str, Any]:
        provider = {
            "zone": zone,
            "primary": PRIMARY,
            "authoritative": list(ADDRESSES),
            "port": self.port,
            "key_name": "recovery-key.",
            "key_secret": SECRET,
        }
        return {"rfc2136": {**provider, **changed}}

    def values(self, name: str, record_type: str = "A", server: str = PRIMARY) -> list[str]:
        response = dns.query.udp(dns.message.make_query(name, record_type), server, timeout=2, port=self.port)
        return sorted(item.to_text().strip('"') for rrset in response.answer for item in rrset)

    def put(self, name: str, ttl: int, record_type: str, value: str, zone: str = ZONE) -> None:
        """Set a record by hand, as somebody else would."""
        key = dns.tsig.Key("recovery-key.", base64.b64decode(SECRET), "hmac-sha256.")
        update = dns.update.UpdateMessage(zone, keyring=key)
        update.replace(name, ttl, record_type, value)
        response = dns.query.tcp(update, PRIMARY, timeout=2, port=self.port)
        assert response.rcode() == 0, response
        servers = list(ADDRESSES) if zone == ZONE else [PRIMARY, SECONDARY]
        wait_until(
            f"{name} is {value} everywhere",
            lambda: all(value.strip('"') in self.values(name, record_type, server) for server in servers),
        )

    def answers(self, server: str, zone: str) -> bool:
        try:
            query = dns.message.make_query(zone, "SOA")
            return bool(dns.query.udp(query, server, timeout=0.2, port=self.port).answer)
        except (dns.exception.DNSException, OSError):
            return False


@contextmanager
def loopback_addresses() -> Iterator[None]:
    """BIND listens only at addresses that an interface has by name."""
    with ExitStack() as stack:
        for address in ADDRESSES:
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
            stack.callback(subprocess.run, ["ip", "address", "delete", f"{address}/32", "dev", "lo"], check=True)
        yield


@contextmanager
def name_servers(directory: Path) -> Iterator[NameServers]:
    servers = NameServers(free_port(ADDRESSES))
    with ExitStack() as stack:
        stack.enter_context(loopback_addresses())
        for address in ADDRESSES:
            home = directory / address
            home.mkdir()
            configuration = home / "named.conf"
            configuration.write_text(_configuration(address, servers.port, home))
            for zone in (ZONE, STALE_ZONE) if address == PRIMARY else ():
                (home / f"{zone}db").write_text(ZONE_FILE)
            stack.enter_context(running(["/usr/sbin/named", "-g", "-n1", "-c", str(configuration)], home / "log"))
        everywhere = [(address, zone) for address in ADDRESSES for zone in (ZONE, STALE_ZONE)]
        wait_until("every server serves both zones", lambda: all(servers.answers(*pair) for pair in everywhere))
        yield servers


def _configuration(address: str, port: int, home: Path) -> str:
    text = OPTIONS.format(directory=home, port=port, address=address, secret=SECRET)
    for zone in (ZONE, STALE_ZONE):
        if address == PRIMARY:
            told = [SECONDARY] if zone == STALE_ZONE else [SECONDARY, LATE_SECONDARY]
            notify = " ".join(f"{server} port {port};" for server in told)
            text += (
                f'zone "{zone}" {{ type primary; file "{zone}db"; also-notify {{ {notify} }};'
                " update-policy { grant recovery-key. zonesub ANY; }; };\n"
            )
        else:
            text += f'zone "{zone}" {{ type secondary; primaries {{ {PRIMARY} port {port}; }}; }};\n'
    return text
