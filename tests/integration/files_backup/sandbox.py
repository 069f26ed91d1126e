# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch tree with a restic repository: what is asked of it and done to it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.integration.servers.module_as_postgres import module_input

HOST = "shop-web1"
STANZA = "shop"
PASSPHRASE = "example-only-passphrase"


@dataclass(frozen=True)
class Sandbox:
    """One tree and one view of a repository."""

    root: Path
    library: Path
    name: str = "local"
    files: dict[str, Any] = field(default_factory=dict)
    # What the modules are run by.
    prefix: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def repository(self) -> Path:
        return self.root / f"repository-{self.name}"

    @property
    def key(self) -> Path:
        return self.root / f"{self.name}.key"

    @property
    def configuration_file(self) -> Path:
        return self.root / f"{self.name}.env"

    @property
    def cache(self) -> Path:
        return self.root / "cache" / self.name

    @property
    def trust(self) -> Path:
        return self.root / "trust" / self.name

    @property
    def options(self) -> dict[str, Any]:
        """What every module takes."""
        return {
            "engine": {
                "files": {
                    "stanza": STANZA,
                    "paths": [str(self.source)],
                    "host": HOST,
                    "staging_directory": str(self.root / "staging"),
                    **self.files,
                }
            },
            "repository": {"name": self.name, "number": 1, "filesystem": {"path": str(self.repository)}},
            "configuration_file": str(self.configuration_file),
            "trust_directory": str(self.trust),
            "deadline": 60,
        }

    def saying(self, **files: Any) -> Sandbox:
        """The same with other options of the engine."""
        return replace(self, files={**self.files, **files})

    def prepare(self, empty: Path) -> None:
        """Settings, a key, and an empty repository, which is a copy: making one takes a second."""
        self.source.mkdir(parents=True, exist_ok=True)
        self.cache.mkdir(parents=True)
        self.trust.mkdir(parents=True)
        self.write_settings()
        shutil.copytree(empty, self.repository)

    def write_settings(self, passphrase: str = PASSPHRASE, lock_seconds: int = 1) -> None:
        self.key.write_text(passphrase)
        self.key.chmod(0o600)
        settings = {
            "RESTIC_REPOSITORY": self.repository,
            "RESTIC_PASSWORD_FILE": self.key,
            "RESTIC_CACHE_DIR": self.cache,
            "RECOVERY_RESTIC_LOCK_SECONDS": lock_seconds,
        }
        self.configuration_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.configuration_file.chmod(0o600)

    def restic(self, *arguments: str, check: bool = True) -> str:
        """restic by hand, as a person would use it with the same settings."""
        finished = subprocess.run(
            ["sh", "-c", 'set -a; . "$1"; shift; exec restic "$@"', "sh", str(self.configuration_file), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0 or not check, finished.stderr
        return finished.stdout

    def argv(self, name: str, user: str | None = None) -> list[str]:
        module = ["/usr/bin/python3", "-m", f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}"]
        as_user = ["runuser", "-u", user, "--"] if user else []
        return [*self.prefix, *as_user, "env", f"PYTHONPATH={self.library}", *module]

    def run(self, module: str, *, check: bool = False, user: str | None = None, **options: Any) -> dict[str, Any]:
        """Run a module in a process of its own, as Ansible would."""
        finished = subprocess.run(
            self.argv(module, user),
            input=module_input({**self.options, **options}, check=check),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert finished.stdout.strip(), finished.stderr
        assert PASSPHRASE not in finished.stdout
        result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return result

    def succeed(self, module: str, **options: Any) -> dict[str, Any]:
        result = self.run(module, **options)
        assert not result.get("failed"), result
        return result

    def fail(self, module: str, code: str, **options: Any) -> dict[str, Any]:
        result = self.run(module, **options)
        assert result.get("failed"), result
        assert result.get("error_code") == code, result
        return result

    def begin(self, module: str, **options: Any) -> subprocess.Popen[str]:
        """Start a module without waiting for it, in a process group of its own."""
        process = subprocess.Popen(
            self.argv(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(module_input({**self.options, **options}))
        process.stdin.close()
        process.stdin = None
        return process

    def backup(self, strategy: str = "full", **options: Any) -> dict[str, Any]:
        """The record of a new backup."""
        record: dict[str, Any] = self.succeed("backup", strategy=strategy, **options)["backup"]
        return record

    def ids(self) -> list[str]:
        """The backups that can be used."""
        return [each["id"] for each in self.succeed("backup_info")["backups"] if not each["errors"]]

    def restore_beside(self, name: str, **options: Any) -> tuple[Path, dict[str, Any]]:
        """A copy of everything; where it lies, and the result."""
        directory = self.root / name
        result = self.succeed("restore", mode="beside", directory=str(directory), **options)
        return Path(f"{directory}{self.source}"), result

    def variation(self, name: str, *, passphrase: str = PASSPHRASE) -> Sandbox:
        """The same tree with a copy of the repository that a test may damage, and evidence of its own."""
        varied = replace(self, name=name)
        shutil.copytree(self.repository, varied.repository, symlinks=True)
        varied.cache.mkdir(parents=True)
        varied.trust.mkdir(parents=True)
        varied.write_settings(passphrase)
        return varied

    def packs(self) -> list[Path]:
        """Where the repository keeps what the files hold, the biggest last."""
        found = [path for path in (self.repository / "data").rglob("*") if path.is_file()]
        return sorted(found, key=lambda path: path.stat().st_size)

    def locks(self) -> list[str]:
        return [name for name in os.listdir(self.repository / "locks") if "-tmp-" not in name]


def write_random(path: Path, size: int, seed: int = 0) -> None:
    """Content that compresses to nothing smaller, the same each time."""
    path.write_bytes(random.Random(seed).randbytes(size))


def flip_bits(path: Path) -> None:
    path.chmod(0o600)
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 0xFF]))
