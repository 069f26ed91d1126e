# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One entry of recovery_repositories with the files that the role repository_settings writes for restic on a host."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.servers.module_run import run_module
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    repository_passphrase,
    restic_environment,
    without_secrets,
)

PASSPHRASE = "example-only-passphrase"


@dataclass(frozen=True)
class ResticPlace:
    """Files of a host in a directory, and how modules and people use them."""

    home: Path
    name: str
    entry: dict[str, Any]

    @property
    def environment_file(self) -> Path:
        return self.home / f"{self.name}.env"

    @property
    def key_file(self) -> Path:
        return self.home / f"{self.name}.key"

    def write(self) -> None:
        """As the role does, but for the directory."""
        repositories = {self.name: self.entry}
        text = restic_environment(repositories, self.name).replace("/etc/recovery/restic", str(self.home))
        self.environment_file.touch(mode=0o600)
        self.environment_file.write_text(f"{text}RESTIC_CACHE_DIR={self.home}/cache\n")
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(repository_passphrase(repositories, self.name) + "\n")

    def by_hand(self, *arguments: str, within: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """restic as a person calls it, with nothing but that file."""
        script = f'set -a; . "{self.environment_file}"; eval restic "$RECOVERY_RESTIC_OPTIONS" \'"$@"\''
        argv = [*within, "sh", "-c", script, "sh", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    def succeed_by_hand(self, *arguments: str, within: Sequence[str] = ()) -> str:
        finished = self.by_hand(*arguments, within=within)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def run(self, state: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """The module backup_repository, given what a role gives it: no secret."""
        return run_module(
            "backup_repository",
            {
                "state": state,
                "engine": {"files": {"stanza": "web", "paths": [str(self.home)]}},
                "repository": without_secrets(self.name, self.entry),
                "configuration_file": str(self.environment_file),
                "memory_directory": str(self.home / "memory"),
                "deadline": 60,
                **options,
            },
            check_mode=check,
        )

    def succeed(self, state: str, **options: Any) -> dict[str, Any]:
        result = self.run(state, **options)
        assert not result.get("failed"), result
        return result

    def fail(self, state: str, code: str, **options: Any) -> dict[str, Any]:
        result = self.run(state, **options)
        assert result.get("failed"), result
        assert result["error_code"] == code, result
        assert PASSPHRASE not in result["msg"]
        return result


def pass_a_second() -> str:
    """A moment after all that was, and before all that is to come: a store counts whole seconds."""
    since = int(now().timestamp()) + 1
    wait_until("a second passes", lambda: now().timestamp() >= since)
    at = written(now())
    wait_until("another passes", lambda: now().timestamp() >= since + 1)
    return at


def failed_checks(result: dict[str, Any]) -> dict[str, str]:
    """What was observed for every check that failed."""
    return {each["check"]: each["observed"] for each in result["checks"] if not each["passed"]}
