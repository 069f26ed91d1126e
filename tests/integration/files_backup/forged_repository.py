# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody can store who has the key of a restic repository, and whom restic would never let store it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305
from tests.integration.files_backup.sandbox import Sandbox

Node = dict[str, Any]
# As Go writes modes.
DIRECTORY, LINK, DEVICE, FIFO = 1 << 31, 1 << 27, 1 << 26, 1 << 25
SET_USER_ID, CHARACTER = 1 << 23, 1 << 21
DATA, TREE = 0, 1


def node(name: str, kind: str, mode: int, **more: Any) -> Node:
    """One entry of a tree, of root and of a moment ago."""
    at = "2026-11-25T12:00:00Z"
    times = {"mtime": at, "atime": at, "ctime": at}
    return {"name": name, "type": kind, "mode": mode, **times, "uid": 0, "gid": 0, "content": None, **more}


class ForgedRepository:
    """A repository into which blobs are written that restic did not make, and a snapshot in the place of another."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        keys = json.loads(sandbox.restic("cat", "masterkey"))
        self.key = base64.b64decode(keys["encrypt"])
        self.mac_key, self.mac_mask = (base64.b64decode(keys["mac"][name]) for name in ("k", "r"))
        self.pack = b""
        self.blobs: list[dict[str, Any]] = []

    def file(self, name: str, mode: int = 0o644, content: bytes = b"forged\n") -> Node:
        return node(name, "file", mode, size=len(content), content=[self._blob(DATA, content)], links=1)

    def link(self, name: str, target: object) -> Node:
        return node(name, "symlink", LINK | 0o777, linktarget=str(target), links=1)

    def directory(self, name: str, *nodes: Node) -> Node:
        return node(name, "dir", DIRECTORY | 0o755, subtree=self._tree([*nodes]))

    def device(self, name: str) -> Node:
        return node(name, "chardev", DEVICE | CHARACTER | 0o666, device=os.makedev(1, 3), links=1)

    def fifo(self, name: str) -> Node:
        return node(name, "fifo", FIFO | 0o666, links=1)

    def replace(self, backup: str, directory: str, change: Callable[[list[Node]], list[Node]]) -> None:
        """Store a snapshot that is this one but for what one directory of it holds, and remove the former."""
        snapshot = json.loads(self.sandbox.restic("cat", "snapshot", backup))
        parts = [part for part in directory.split("/") if part]
        snapshot["tree"] = self._changed(snapshot["tree"], parts, change)
        self._write_pack()
        # As a snapshot that was copied from elsewhere: its record is the one of the first.
        self._write_file("snapshots", json.dumps({**snapshot, "original": backup}).encode())
        (self.sandbox.repository / "snapshots" / backup).unlink()

    def _changed(self, tree: str, parts: list[str], change: Callable[[list[Node]], list[Node]]) -> str:
        nodes = json.loads(self.sandbox.restic("cat", "blob", tree))["nodes"]
        if not parts:
            return self._tree(change(nodes))
        below = [each for each in nodes if each["name"] == parts[0]]
        below[0]["subtree"] = self._changed(below[0]["subtree"], parts[1:], change)
        return self._tree(nodes)

    def _tree(self, nodes: list[Node]) -> str:
        return self._blob(TREE, json.dumps({"nodes": nodes}).encode() + b"\n")

    def _blob(self, kind: int, content: bytes) -> str:
        name, sealed = hashlib.sha256(content).hexdigest(), self._sealed(content)
        self.blobs.append({"id": name, "type": ("data", "tree")[kind], "offset": len(self.pack), "length": len(sealed)})
        self.pack += sealed
        return name

    def _write_pack(self) -> None:
        header = b"".join(
            bytes([each["type"] == "tree"]) + each["length"].to_bytes(4, "little") + bytes.fromhex(each["id"])
            for each in self.blobs
        )
        sealed = self._sealed(header)
        content = self.pack + sealed + len(sealed).to_bytes(4, "little")
        name = hashlib.sha256(content).hexdigest()
        place = self.sandbox.repository / "data" / name[:2]
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(content)
        self._write_file("index", json.dumps({"packs": [{"id": name, "blobs": self.blobs}]}).encode())

    def _write_file(self, kind: str, content: bytes) -> None:
        sealed = self._sealed(content)
        (self.sandbox.repository / kind / hashlib.sha256(sealed).hexdigest()).write_bytes(sealed)

    def _sealed(self, content: bytes) -> bytes:
        """Encrypted with AES-256 in counter mode, and authenticated by Poly1305-AES."""
        nonce = os.urandom(16)
        counter = Cipher(algorithms.AES(self.key), modes.CTR(nonce)).encryptor()
        sealed = counter.update(content) + counter.finalize()
        block = Cipher(algorithms.AES(self.mac_key), modes.ECB()).encryptor()
        once = block.update(nonce) + block.finalize()
        return nonce + sealed + Poly1305.generate_tag(self.mac_mask + once, sealed)
