# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One scratch PostgreSQL server with a restic repository: what is asked of it and done to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.integration.servers.module_as_postgres import run_as_user
from tests.integration.servers.postgresql import PROGRAMS, Server, as_postgres
from tests.integration.servers.restic_repository import initialise

PASSPHRASE = "example-only-passphrase"
SETTINGS = """RESTIC_REPOSITORY={repository}
RESTIC_PASSWORD_FILE={key}
RESTIC_CACHE_DIR={cache}
"""


@dataclass(frozen=True)
class Sandbox:
    """One server and one view of a repository. The modules run as root, as the plans let them."""

    root: Path
    library: Path
    server: Server
    repository: Path
    trust: Path
    programs: Path = PROGRAMS
    path: str = field(default_factory=lambda: os.environ["PATH"])

    @property
    def settings(self) -> Path:
        return self.root / f"{self.repository.name}.env"

    @property
    def dump(self) -> dict[str, Any]:
        return {
            "version": 15,
            "database": "shop",
            "stanza": "shop",
            "port": self.server.port,
            "socket_directory": str(self.server.data),
            "binary_directory": str(self.programs),
        }

    @property
    def options(self) -> dict[str, Any]:
        """What every module takes."""
        return {
            "engine": {"postgresql_dump": self.dump},
            "repository": {"name": self.repository.name, "number": 1, "filesystem": {"path": str(self.repository)}},
            "configuration_file": str(self.settings),
            "trust_directory": str(self.trust),
            "deadline": 60,
        }

    def run(self, name: str, *, check: bool = False, user: str = "root", **options: Any) -> dict[str, Any]:
        given = {**self.options, **options}
        return run_as_user(self.library, name, given, user=user, check=check, PATH=self.path)

    def succeed(self, name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        result = self.run(name, check=check, **options)
        assert not result.get("failed"), result
        return result

    def fail(self, name: str, code: str, **options: Any) -> dict[str, Any]:
        result = self.run(name, **options)
        assert result.get("failed"), result
        assert result.get("error_code") == code, result
        assert PASSPHRASE not in json.dumps(result)
        return result

    def sql(self, statement: str, *, database: str = "shop") -> str:
        asked = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.server.port), "-d", database]
        return as_postgres("psql", *asked, stdin=statement)

    def restic(self, *arguments: str) -> Any:
        settings = [f"--repo={self.repository}", f"--password-file={self.root / 'key'}", "--no-cache"]
        return json.loads(root_said("restic", *settings, "--json", *arguments))

    def open(self) -> Sandbox:
        """Make the repository, and say where it is."""
        (self.root / "key").write_text(PASSPHRASE)
        initialise(self.repository, self.root / "key")
        values = {"repository": self.repository, "key": self.root / "key", "cache": self.root / "cache"}
        self.settings.write_text(SETTINGS.format(**values))
        self.settings.chmod(0o600)
        return self

    def with_own_trust(self) -> Sandbox:
        """The same with evidence of its own."""
        return replace(self, trust=self.root / "trust-of-its-own")

    def other_place(self, name: str) -> Sandbox:
        """The same server with another repository, which holds nothing yet."""
        return replace(self, repository=self.root / name, trust=self.root / f"trust-{name}").open()

    def with_program(self, name: str, script: str) -> Sandbox:
        """The same server, whose programs are the real ones but for one."""
        programs = self.root / f"programs-{len(list(self.root.glob('programs-*')))}"
        programs.mkdir()
        for program in PROGRAMS.iterdir():
            (programs / program.name).symlink_to(program)
        (programs / name).unlink()
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
        return replace(self, programs=programs)

    def damaged_copy(self) -> Sandbox:
        """A copy of the repository in which the biggest file has a flipped bit."""
        copy = replace(self, repository=self.root / "damaged", trust=self.root / "trust-damaged")
        shutil.copytree(self.repository, copy.repository)
        copy.settings.write_text(self.settings.read_text().replace(str(self.repository), str(copy.repository)))
        copy.settings.chmod(0o600)
        packs = [each for each in (copy.repository / "data").rglob("*") if each.is_file()]
        biggest = max(packs, key=lambda each: each.stat().st_size)
        content = bytearray(biggest.read_bytes())
        content[len(content) // 2] ^= 1
        biggest.chmod(0o600)
        biggest.write_bytes(content)
        return copy


def root_said(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Story:
    """What was dumped, and what became of the database since."""

    sandbox: Sandbox
    backup: dict[str, Any]
    result: dict[str, Any]
