# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers of object stores on loopback, behind TLS, with a door for each fault that a network or a store has."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.integration.servers.certificates import GOOGLE, make_certificates
from tests.integration.servers.cutting_proxy import cutting_proxy
from tests.integration.servers.process import free_port, running, wait_until

ROOT = Path(__file__).parents[3]
AZURITE = ROOT / "build" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
PROGRAMS = Path(sys.executable).parent
ACCESS_KEY, SECRET_KEY = "EXAMPLEONLYACCESSKEY", "example-only-secret-key"
# The account and key that every copy of the emulator has; restic finds it at this port alone.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
AZURE_PORT = 10000
# Of loopback, and used by nothing else.
GOOGLE_ADDRESS = "127.0.93.1"
LOCKED = "locked-backups"
JSON = "application/json"
DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
ANSWER = "http-request return status {status} content-type application/xml string {body} if {condition}"
EVERY_FIFTH = """  stick-table type integer size 10 expire 1h store gpc0
  http-request track-sc0 int(1)
  http-request sc-inc-gpc0(0)
"""


def _refused(condition: str) -> str:
    return "  " + ANSWER.format(status=403, body=f"'{DENIED}'", condition=condition) + "\n"


# Each door leads to the same store.
DOORS: Mapping[str, tuple[str, str]] = {
    "good": ("good", ""),
    "expired": ("expired", ""),
    "other": ("other", ""),
    "no_put": ("good", _refused("METH_PUT")),
    "no_delete": ("good", _refused("METH_DELETE") + _refused("METH_POST { url_param(delete) -m found }")),
    "no_list": ("good", _refused("METH_GET { url_param(list-type) -m found }")),
    "unavailable": (
        "good",
        EVERY_FIFTH + "  http-request return status 503 if { sc0_get_gpc0,mod(5) eq 0 }\n",
    ),
    "slow_down": (
        "good",
        EVERY_FIFTH
        + f"  {ANSWER.format(status=429, body=repr(SLOW_DOWN), condition='{ sc0_get_gpc0,mod(5) eq 0 }')}\n",
    ),
    "cut": ("good", ""),
    "reset": ("good", EVERY_FIFTH + "  http-request reject if { sc0_get_gpc0,mod(5) eq 0 }\n"),
    "slow": ("good", "  http-request lua.wait\n"),
}
WAIT = 'core.register_action("wait", {"http-req"}, function(txn) core.msleep(400) end)'
HAPROXY = """
global
  maxconn 500
  lua-load {home}/wait.lua
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
"""
FRONTEND = """
frontend {name}
  bind {address}:{port} ssl crt {certificates}/{certificate}.pem
{rules}  default_backend {backend}
"""


@dataclass(frozen=True)
class ObjectStores:
    """What runs; each port is that of a door with TLS."""

    home: Path
    authority: Path
    ports: Mapping[str, int]
    locked_port: int
    azure_port: int
    google_port: int
    bucket_directory: Path

    def s3(self, door: str = "good", *, bucket: str = "backups", path: str = "/") -> dict[str, object]:
        """The options of a repository of the kind s3."""
        return {
            "endpoint": "localhost",
            "port": self.locked_port if bucket == LOCKED else self.ports[door],
            "bucket": bucket,
            "region": "eu-central-1",
            "path": path,
            "uri_style": "path",
            "ca_file": str(self.authority),
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
        }

    def azure(self, path: str = "/") -> dict[str, object]:
        return {
            "account": AZURE_ACCOUNT,
            "container": "backups",
            "endpoint": "localhost",
            "port": self.azure_port,
            "path": path,
            "uri_style": "path",
            "ca_file": str(self.authority),
            "account_key": AZURE_KEY,
        }

    def gcs(self, path: str = "/") -> dict[str, object]:
        own = {"bucket": "backups", "project": "test", "access_token": "example-only-token"}
        return {**own, "path": path, "ca_file": str(self.authority)}

    @property
    def as_google(self) -> list[str]:
        """Before a command, for which the emulator is Google."""
        hosts = self.home / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{GOOGLE_ADDRESS} {GOOGLE}\n")
        script = f'mount --bind "{hosts}" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, "sh"]


@contextmanager
def object_stores(home: Path) -> Iterator[ObjectStores]:
    """rclone with a directory, moto with an object lock, azurite; all of it is gone afterwards."""
    authority = make_certificates(home)
    bucket = home / "s3" / "backups"
    bucket.mkdir(parents=True)
    rclone, moto = free_port(), free_port()
    ports = {door: free_port() for door in DOORS}
    locked_port, azure_port, google_port, gcs = free_port(), free_port(), free_port(), free_port()
    cutting = free_port()
    frontends = [
        _frontend(home, door, ports[door], certificate, rules, "cutting" if door == "cut" else "rclone")
        for door, (certificate, rules) in DOORS.items()
    ]
    frontends += [_frontend(home, "locked", locked_port, "good", "", "moto")]
    frontends += [_frontend(home, "azure", azure_port, "good", "", "azurite")]
    # restic asks for Google by its name and at port 443 alone, whatever its environment says.
    frontends += [_frontend(home, "gcs", google_port, "good", "", "google")]
    frontends += [_frontend(home, "google", 443, "good", "", "google", address=GOOGLE_ADDRESS)]
    backends = {"rclone": rclone, "cutting": cutting, "moto": moto, "azurite": AZURE_PORT, "google": gcs}
    (home / "wait.lua").write_text(WAIT)
    text = HAPROXY.format(home=home) + "".join(frontends)
    text += "".join(f"backend {name}\n  server {name} 127.0.0.1:{port}\n" for name, port in backends.items())
    (home / "haproxy.cfg").write_text(text)
    with (
        running(["/usr/sbin/haproxy", "-db", "-f", str(home / "haproxy.cfg")], home / "haproxy.log"),
        running(_rclone(rclone, home / "s3"), home / "rclone.log"),
        running([str(PROGRAMS / "moto_server"), "-H", "127.0.0.1", "-p", str(moto)], home / "moto.log"),
        running(_azurite(), home / "azurite.log"),
        running(_google(gcs), home / "google.log"),
        cutting_proxy(cutting, before=rclone),
    ):
        for port in backends.values():
            wait_until(f"a store answers at {port}", partial(_answers, port), seconds=30)
        _make_locked_bucket(moto)
        _make_container(home)
        assert _ask(gcs, "POST", "/storage/v1/b?project=test", '{"name": "backups"}', content_type=JSON) == 200
        yield ObjectStores(home, authority, ports, locked_port, azure_port, google_port, bucket)


def _frontend(
    home: Path, name: str, port: int, certificate: str, rules: str, backend: str, *, address: str = "127.0.0.1"
) -> str:
    own = {"name": name, "port": port, "address": address, "certificates": home, "backend": backend}
    return FRONTEND.format(**own, certificate=certificate, rules=rules)


def _rclone(port: int, directory: Path) -> list[str]:
    own = ["--config", "", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--dir-cache-time", "1s"]
    return [str(PROGRAMS / "rclone"), "serve", "s3", *own, "--addr", f"127.0.0.1:{port}", str(directory)]


def _azurite() -> list[str]:
    place = ["--blobHost", "127.0.0.1", "--blobPort", str(AZURE_PORT), "--inMemoryPersistence"]
    return [str(AZURITE), *place, "--skipApiVersionCheck", "--silent", "--disableTelemetry"]


def _google(port: int) -> list[str]:
    return [str(PROGRAMS / "gcp-storage-emulator"), "start", "--host=127.0.0.1", f"--port={port}", "--in-memory"]


def _answers(port: int) -> bool:
    try:
        _ask(port, "GET", "/")
    except OSError:
        return False
    return True


def _ask(port: int, method: str, target: str, body: str = "", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body=body, headers=own)
        return connection.getresponse().status
    finally:
        connection.close()


def _make_container(home: Path) -> None:
    """restic makes it on its way to a repository that nobody wants."""
    settings = {"AZURE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_ACCOUNT_KEY": AZURE_KEY, "RESTIC_PASSWORD": "unwanted"}
    argv = ["restic", "--no-cache", "--repo", "azure:backups:/unwanted", "init", "--quiet"]
    subprocess.run(argv, env={**os.environ, **settings}, check=True, cwd=home, capture_output=True)


RETENTION = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    "<Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)


def _make_locked_bucket(port: int) -> None:
    """What is written there cannot be removed for a day; a test's own server forgets it with its process."""
    assert _ask(port, "PUT", f"/{LOCKED}", x_amz_bucket_object_lock_enabled="true") == 200
    xml = {"content_type": "application/xml"}
    assert _ask(port, "PUT", f"/{LOCKED}?object-lock", RETENTION, **xml) == 200
