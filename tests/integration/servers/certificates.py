# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An authority of a test, and certificates of it: a good one, an expired one, and one for another name."""

from __future__ import annotations

import subprocess
from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
GOOGLE = "storage.googleapis.com"


def make_certificates(directory: Path) -> Path:
    """The authority; beside it lie good.pem, expired.pem and other.pem, each a certificate with its key."""
    authority = directory / "authority.pem"
    _openssl(
        *("req", "-x509", *KEY, "-days", "2", "-subj", "/CN=Storage tests authority"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(directory / "authority.key"), "-out", str(authority)),
    )
    _make(directory, "good", f"DNS:localhost,DNS:{GOOGLE}", "20")
    _make(directory, "other", "DNS:elsewhere.example", "20")
    _make(directory, "expired", "DNS:localhost", "-1")
    # The authority of all of them, for a client that has nothing else to trust.
    return authority


def _make(directory: Path, name: str, names: str, days: str) -> None:
    request, certificate, key = (directory / f"{name}.{end}" for end in ("csr", "crt", "key"))
    subject = names.partition(",")[0].removeprefix("DNS:")
    _openssl("req", *KEY, "-subj", f"/CN={subject}", "-keyout", str(key), "-out", str(request))
    extensions = directory / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n")
    _openssl(
        *("x509", "-req", "-in", str(request), "-days", days, "-extfile", str(extensions)),
        *("-CA", str(directory / "authority.pem"), "-CAkey", str(directory / "authority.key"), "-CAcreateserial"),
        *("-out", str(certificate)),
    )
    (directory / f"{name}.pem").write_text(certificate.read_text() + key.read_text())


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
