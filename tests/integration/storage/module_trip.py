# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup's whole life in a repository of any kind, by the modules: taken twice, listed, proven, restored, let go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.servers.module_as_postgres import module_input
from tests.integration.servers.restic_repository import cheapen
from tests.integration.storage.restic_place import PASSPHRASE, ResticPlace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import without_secrets

MODULES = "ansible_collections.gogidix.disaster_recovery.plugins.modules"


@dataclass(frozen=True)
class Trip:
    """A small tree and a place for its backups; ``within`` stands before each program."""

    place: ResticPlace
    root: Path
    within: Sequence[str] = ()

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "engine": {"files": {"stanza": "web", "paths": [str(self.source)], "host": "web1"}},
            "repository": without_secrets(self.place.name, self.place.entry),
            "configuration_file": str(self.place.environment_file),
            "deadline": 60,
        }

    def run(self, module: str, **options: Any) -> dict[str, Any]:
        """The result of a module, in a process of its own, as Ansible would start it."""
        finished = subprocess.run(
            [*self.within, sys.executable, "-m", f"{MODULES}.{module}"],
            input=module_input({**self.options, **options}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.stdout.strip(), finished.stderr
        result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        assert PASSPHRASE not in finished.stdout
        return result

    def succeed(self, module: str, **options: Any) -> dict[str, Any]:
        result = self.run(module, **options)
        assert not result.get("failed"), result
        return result

    def act(self, module: str, **options: Any) -> dict[str, Any]:
        """One that keeps evidence about backups on this host."""
        return self.succeed(module, trust_directory=str(self.place.home / "trust"), **options)

    def begin(self, store: Store) -> None:
        """A tree to back up, and a repository for it that opens at once."""
        self.source.mkdir()
        (self.source / "noise").write_bytes(os.urandom(300_000))
        (self.source / "text").write_text("what was")
        memory = str(self.place.home / "memory")
        assert self.succeed("backup_repository", state="present", memory_directory=memory)["changed"] is True
        open_at_once(store)

    def take(self) -> tuple[str, str]:
        """A full backup, and one of what changed since."""
        first = self.act("backup", strategy="full")["backup"]
        (self.source / "text").write_text("what matters")
        second = self.act("backup", strategy="incremental")["backup"]
        assert second["parent"] == first["id"] and second["stored_bytes"] < first["stored_bytes"] / 10
        return first["id"], second["id"]

    def ids(self) -> list[str]:
        return [each["id"] for each in self.act("backup_info")["backups"] if not each["errors"]]

    def prove(self, backup: str) -> None:
        """By a trial restore."""
        proven = self.act("backup_verify", level="restored", scratch_directory=str(self.root / "scratch"))
        assert [(each["id"], each["trust"]["level"]) for each in proven["backups"]] == [(backup, "restored")]

    def restore_beside(self) -> None:
        """By one that a person compares with what was there."""
        beside = self.root / "beside"
        self.act("restore", mode="beside", directory=str(beside))
        subprocess.run(["diff", "-r", str(self.source), f"{beside}{self.source}"], check=True)

    def whole(self, store: Store) -> None:
        self.begin(store)
        first, second = self.take()
        assert self.ids() == [first, second]
        self.prove(second)
        self.restore_beside()
        assert (self.root / f"beside{self.source}" / "text").read_text() == "what matters"
        assert self.act("backup_retention", policy={"keep_last": 1})["changed"] is True
        assert self.ids() == [second]


def store_of(place: ResticPlace) -> Store:
    store = open_repository(read_entry(place.name, place.entry)).open_store({})
    assert store is not None
    return store


def open_at_once(store: Store) -> None:
    """Exchange the repository's key for one whose passphrase is cheap to try: each call would cost a second."""
    with tempfile.TemporaryDirectory() as directory:
        keys = Path(directory) / "keys"
        keys.mkdir()
        [name] = [each.name for each in store.list("restic/keys/")]
        dear = name.rpartition("/")[2]
        (keys / dear).write_bytes(store.get(f"restic/keys/{dear}"))
        cheapen(Path(directory), PASSPHRASE)
        [cheap] = keys.iterdir()
        store.put(f"restic/keys/{cheap.name}", cheap.read_bytes())
        store.delete(f"restic/keys/{dear}")
