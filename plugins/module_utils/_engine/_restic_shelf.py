# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The snapshots of a restic repository that is a directory of this host, by their files.

Every process of restic derives the key anew, which takes it half a second or more on purpose. A snapshot is a file
that never changes and whose name is the SHA-256 of its bytes. So what restic listed once is still the truth as long as
the same files are there, byte for byte, and neither the repository's keys nor the passphrase were touched.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic

VERSION = 1
# How the passphrase may come besides by a file; of these nobody can see whether they changed.
UNSEEN_PASSPHRASES = ("RESTIC_PASSWORD", "RESTIC_PASSWORD_COMMAND")


@dataclass(frozen=True)
class Shelf:
    """Where the snapshots of a repository lie, and where this host keeps what restic said of them."""

    repository: Path
    key_file: Path
    memory: Path

    @classmethod
    def of(cls, tool: Restic, memory: Path) -> Shelf | None:
        """The shelf of a repository that this host can look into; None for any other place."""
        place = Path(tool.settings["RESTIC_REPOSITORY"].removeprefix("local:"))
        key_file = tool.settings.get("RESTIC_PASSWORD_FILE")
        if key_file is None or any(tool.settings.get(name) for name in UNSEEN_PASSPHRASES):
            return None
        return cls(place, Path(key_file), memory) if place.is_absolute() and place.is_dir() else None

    def names(self) -> set[str] | None:
        """The snapshots that are there; None when that cannot be seen."""
        try:
            return {path.name for path in (self.repository / "snapshots").iterdir()}
        except OSError:
            return None

    def holds(self, names: set[str]) -> bool:
        """Whether these files are there as they were written."""
        try:
            return all(
                hashlib.sha256((self.repository / "snapshots" / name).read_bytes()).hexdigest() == name
                for name in names
            )
        except OSError:
            return False

    def locks(self) -> list[list[str | int]] | None:
        """What decides whether the passphrase opens the repository: different after any change of it."""
        try:
            files = [self.key_file, self.repository / "config", *sorted((self.repository / "keys").iterdir())]
            seen = [(str(path), path.stat()) for path in files]
        except OSError:
            return None
        return [[path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns] for path, status in seen]

    def recall(self) -> list[dict[str, Any]] | None:
        """What restic listed, if it would list the same now."""
        try:
            known = json.loads(self.memory.read_text(encoding="utf-8"))
            names, listed = set(known["names"]), known["snapshots"]
            is_same = known["version"] == VERSION and known["locks"] == self.locks() and names == self.names()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return listed if is_same and isinstance(listed, list) and self.holds(names) else None

    def remember(self, names: set[str] | None, listed: list[dict[str, Any]]) -> None:
        """Keep a listing that was made while exactly these snapshots were there; where nothing can be kept, none is."""
        locks = self.locks()
        if names is None or locks is None or names != self.names():
            return
        content = {"version": VERSION, "locks": locks, "names": sorted(names), "snapshots": listed}
        with suppress(OSError):
            write_durably(self.memory, json.dumps(content))
