"""Keys and certificates of one lab: made once, used by nobody else, gone with it."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from recovery_lab.errors import LabError
from recovery_lab.process import run
from recovery_lab.state import Lab, write_atomically
from recovery_lab.topology import Certificate, Host, PowerSwitch, Topology

VALID_DAYS = "3650"
ELLIPTIC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]


def make(lab: Lab, topology: Topology) -> None:
    """Everything that is missing; what is there stays."""
    _make_ssh_key(lab.directory / "ssh" / "id_ed25519", "recovery-lab")
    for host in topology.hosts.values():
        lab.host_directory(host.name).mkdir(parents=True, exist_ok=True)
        _make_ssh_key(host_key(lab, host), host.name)
    _write_known_hosts(lab, topology)
    _make_authority(lab.directory / "tls")
    for certificate in topology.certificates.values():
        _make_certificate(lab.directory / "tls", certificate)
    _write_power_password(lab, topology.power_switch)


def host_key(lab: Lab, host: Host) -> Path:
    return lab.host_directory(host.name) / "ssh_host_ed25519_key"


def authorized_key(lab: Lab) -> str:
    return (lab.directory / "ssh" / "id_ed25519.pub").read_text()


def _make_ssh_key(path: Path, comment: str) -> None:
    if not path.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])


def _write_known_hosts(lab: Lab, topology: Topology) -> None:
    lines = []
    for host in topology.hosts.values():
        kind, key, *_comment = host_key(lab, host).with_suffix(".pub").read_text().split()
        lines.append(f"{host.name},{host.address} {kind} {key}\n")
    write_atomically(lab.directory / "ssh" / "known_hosts", "".join(lines))


def _make_authority(directory: Path) -> None:
    if (directory / "ca.pem").exists():
        return
    run(
        ["openssl", "req", "-x509", *ELLIPTIC_KEY, "-days", VALID_DAYS, "-subj", "/CN=Recovery lab authority",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", str(directory / "ca.key"), "-out", str(directory / "ca.pem")]
    )  # fmt: skip


def _make_certificate(directory: Path, certificate: Certificate) -> None:
    """Writes <key>.pem, <key>.key and both in <key>-with-key.pem."""
    public, private = directory / f"{certificate.key}.pem", directory / f"{certificate.key}.key"
    if public.exists():
        return
    run(
        ["openssl", "req", "-x509", *ELLIPTIC_KEY, "-days", VALID_DAYS, "-subj", f"/CN={certificate.name}",
         "-addext", f"subjectAltName=DNS:{certificate.name},IP:{certificate.address}",
         "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth",
         "-CA", str(directory / "ca.pem"), "-CAkey", str(directory / "ca.key"),
         "-keyout", str(private), "-out", str(public)]
    )  # fmt: skip
    both = directory / f"{certificate.key}-with-key.pem"
    write_atomically(both, public.read_text() + private.read_text(), mode=0o600)


def power_password_file(lab: Lab) -> Path:
    return lab.directory / "power" / "password"


def _write_power_password(lab: Lab, switch: PowerSwitch) -> None:
    """The power switch knows the password that the working example's inventory gives to the plans."""
    text = switch.password_file.read_text() if switch.password_file.exists() else ""
    match = re.search(rf"^{switch.password_variable}:\s*(\S+)\s*$", text, re.MULTILINE)
    if text and match is None:
        raise LabError(f"the power switch needs {switch.password_variable}, not readable in {switch.password_file}")
    write_atomically(power_password_file(lab), match.group(1) if match else secrets.token_hex(16), mode=0o600)
