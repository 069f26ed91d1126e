# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restic repository whose passphrase opens it at once: guessing it is made cheap, which only a test may want."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAP = {"N": 1024, "r": 1, "p": 1}


def initialise(repository: Path, key_file: Path) -> None:
    """Create a repository at a path of this host."""
    restic = ["restic", "--quiet", "--no-cache", "--repo", str(repository), "--password-file", str(key_file)]
    subprocess.run([*restic, "init"], check=True, capture_output=True)
    cheapen(repository, key_file.read_text().strip())


def cheapen(repository: Path, passphrase: str) -> None:
    """Wrap its master key anew, with a derivation that takes no time."""
    old = next((repository / "keys").iterdir())
    content = json.loads(old.read_text())
    master = unwrap(base64.b64decode(content["data"]), derived(passphrase, content))
    content.update(CHEAP)
    content["data"] = base64.b64encode(wrap(master, derived(passphrase, content))).decode()
    text = json.dumps(content).encode()
    owner = old.stat()
    old.chmod(0o600)
    old.unlink()
    new = repository / "keys" / hashlib.sha256(text).hexdigest()
    new.write_bytes(text)
    new.chmod(0o400)
    os.chown(new, owner.st_uid, owner.st_gid)


def derived(passphrase: str, content: dict[str, Any]) -> bytes:
    numbers = {name.lower(): int(content[name]) for name in ("N", "r", "p")}
    salt = base64.b64decode(content["salt"])
    return hashlib.scrypt(passphrase.encode(), salt=salt, maxmem=2**30, dklen=64, **numbers)


def unwrap(sealed: bytes, key: bytes) -> bytes:
    nonce, text, tag = sealed[:16], sealed[16:-16], sealed[-16:]
    assert seal_of(text, nonce, key) == tag
    return counted(text, nonce, key)


def wrap(text: bytes, key: bytes) -> bytes:
    nonce = os.urandom(16)
    sealed = counted(text, nonce, key)
    return nonce + sealed + seal_of(sealed, nonce, key)


def counted(text: bytes, nonce: bytes, key: bytes) -> bytes:
    """AES-256 in counter mode: the same both ways."""
    cipher = Cipher(algorithms.AES(key[:32]), modes.CTR(nonce)).encryptor()
    return cipher.update(text) + cipher.finalize()


def seal_of(text: bytes, nonce: bytes, key: bytes) -> bytes:
    """Poly1305-AES, as restic seals what it writes."""
    block = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor()
    return Poly1305.generate_tag(key[48:64] + block.update(nonce) + block.finalize(), text)
