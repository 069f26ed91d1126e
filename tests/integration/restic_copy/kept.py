# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small restic repository with backups as the engines keep them, without an engine."""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.restic_repository import cheapen

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import read_settings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import data_tags
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import store_paths
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.filesystem import (
    FilesystemRepository,
)

STANZA, ENGINE = "papers", "files"


@dataclass(frozen=True)
class Kept:
    """One repository in a directory, with its settings and its key beside it."""

    root: Path
    name: str

    @property
    def place(self) -> Path:
        return self.root / self.name

    @property
    def configuration_file(self) -> Path:
        return self.root / f"{self.name}.env"

    def create(self, passphrase: str, **settings: str) -> Kept:
        self.configure(passphrase, **settings)
        environment = {**os.environ, **read_settings(str(self.configuration_file))}
        subprocess.run(["restic", "init", "--quiet"], env=environment, check=True, capture_output=True)
        cheapen(self.place, passphrase)
        return self

    def configure(self, passphrase: str, **settings: str) -> Kept:
        """What restic needs to know, without a repository yet."""
        key = self.root / f"{self.name}.key"
        key.write_text(passphrase)
        lines = {
            "RESTIC_REPOSITORY": str(self.place),
            "RESTIC_PASSWORD_FILE": str(key),
            "RESTIC_CACHE_DIR": str(self.root / "cache"),
            **settings,
        }
        self.configuration_file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        for file in (key, self.configuration_file):
            file.chmod(0o600)
        return self

    def keeper(self, seconds: float = 120) -> Keeper:
        """As a new process would see it."""
        repository = FilesystemRepository(self.name, 1, {"path": str(self.place)}, is_to_be_encrypted=True)
        return Keeper(ENGINE, STANZA, repository, str(self.configuration_file), Deadline(seconds))

    def take(self, papers: Path, *, parent: BackupRecord | None = None, has_record: bool = True) -> BackupRecord | None:
        keeper = self.keeper()
        begun = now()
        strategy = "full" if parent is None else "incremental"
        with keeper.writing() as set_id:
            tags = data_tags(stanza=STANZA, engine=ENGINE, strategy=strategy, set_id=set_id, system="host")
            stored = store_paths(keeper.tool, "store the papers", [str(papers)], tags)
            record = BackupRecord(
                id=stored.id,
                engine=ENGINE,
                stanza=STANZA,
                repository=self.name,
                strategy=strategy,
                parent=None if parent is None else parent.id,
                chain=[],
                started_at=begun,
                stopped_at=now(),
                size_bytes=stored.size_bytes,
                stored_bytes=stored.added_bytes,
                changed_bytes=stored.added_bytes,
                encrypted=True,
                system_identifier="host",
            )
            content = {"files": stored.files}
            if not has_record:
                return None
            return keeper.write_record(record, content, of=stored.id, set_id=set_id, is_alone=parent is None)


def write_papers(directory: Path, seed: int, count: int = 12) -> Path:
    """Files that cannot be compressed, some of them large enough for a pack of their own."""
    chance = random.Random(seed)
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (directory / f"paper-{seed}-{number}").write_bytes(chance.randbytes(20_000 + 60_000 * (number % 3)))
    return directory
