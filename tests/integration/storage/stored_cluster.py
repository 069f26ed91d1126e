# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One PostgreSQL cluster whose pgBackRest keeps its backups in several repositories, configured as by the role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.integration.postgresql_backup.sandbox import STANZA, Sandbox
from tests.integration.servers.postgresql import as_postgres

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    pgbackrest_settings,
    without_secrets,
)

CONFIGURATION = """[global]
{settings}
log-path={root}/log
lock-path={root}/lock-stored
spool-path={root}/spool
compress-type=zst
process-max=2
start-fast=y
io-timeout=5
[{stanza}]
pg1-path={data}
pg1-port=5432
pg1-socket-path={root}
"""


@dataclass(frozen=True)
class StoredCluster:
    """A cluster, and one file of pgBackRest's configuration with the entries of recovery_repositories in it."""

    sandbox: Sandbox
    repositories: dict[str, Any]

    def write(self) -> None:
        settings = pgbackrest_settings(self.repositories, "here", {})
        lines = [f"{key}={value}" for each in settings.values() for key, value in each.items()]
        own = {"root": self.sandbox.root, "stanza": STANZA, "data": self.sandbox.data}
        text = CONFIGURATION.format(settings="\n".join(lines), **own)
        as_postgres("tee", str(self.sandbox.configuration_file), stdin=text)

    def with_repositories(self, name: str, repositories: dict[str, Any]) -> StoredCluster:
        """The same cluster with another configuration file."""
        sandbox = replace(self.sandbox, configuration_file=self.sandbox.root / f"{name}.conf")
        other = StoredCluster(sandbox, repositories)
        other.write()
        return other

    def options(self, repository: str) -> dict[str, Any]:
        """What a role gives a module: no secret."""
        return {"repository": without_secrets(repository, self.repositories[repository])}

    def succeed(self, module: str, repository: str, **options: Any) -> dict[str, Any]:
        return self.sandbox.succeed(module, **self.options(repository), **options)

    def fail(self, module: str, code: str, repository: str, **options: Any) -> dict[str, Any]:
        return self.sandbox.fail(module, code, **self.options(repository), **options)

    def keeping(self, state: str, repository: str, **options: Any) -> dict[str, Any]:
        return self.succeed("backup_repository", repository, **self._own(state), **options)

    def failing(self, state: str, code: str, repository: str, **options: Any) -> dict[str, Any]:
        return self.fail("backup_repository", code, repository, **self._own(state), **options)

    def _own(self, state: str) -> dict[str, Any]:
        return {"state": state, "memory_directory": str(self.sandbox.root / "memory")}

    def path(self, name: str) -> Path:
        return self.sandbox.root / name
