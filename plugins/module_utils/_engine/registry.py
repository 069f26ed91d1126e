# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The engines there are: one static table, because only static imports travel to a target.

An import in a function is one as well: every engine travels, and only the one that is asked for is read there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._options import OPTIONS
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import understood
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    repository_spec,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, options_spec


def files() -> type[Engine]:
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.files import FilesEngine

    return FilesEngine


def mariadb() -> type[Engine]:
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.mariadb import MariadbEngine

    return MariadbEngine


def postgresql() -> type[Engine]:
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.postgresql import PostgresqlEngine

    return PostgresqlEngine


def postgresql_dump() -> type[Engine]:
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.postgresql_dump import (
        PostgresqlDumpEngine,
    )

    return PostgresqlDumpEngine


class Engines(Mapping[str, type[Engine]]):
    """The engines by their names. Reading all of them takes longer than Python and Ansible need to start."""

    def __init__(self, *sources: Callable[[], type[Engine]]) -> None:
        self._sources = {source.__name__: source for source in sources}

    def __getitem__(self, name: str) -> type[Engine]:
        return self._sources[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


ENGINES = Engines(files, mariadb, postgresql, postgresql_dump)


def engine_spec() -> dict[str, Any]:
    """The options that every verb on backups takes."""
    return {
        "engine": options_spec(OPTIONS, required=True),
        "repository": repository_spec(),
        "configuration_file": {"type": "path"},
        "jobs": {"type": "int"},
        "deadline": {"type": "float", "default": 3600},
        "trust_directory": {"type": "path", "default": "/var/lib/recovery/trust"},
        "known_elsewhere": {"type": "dict", "default": {}},
    }


def open_engine(parameters: dict[str, Any]) -> Engine:
    """The engine that a module's parameters describe, working on the repository that they describe."""
    kind, options = chosen(ENGINES, parameters["engine"], option="engine")
    repository = open_repository(parameters["repository"])
    if repository.NAME not in kind.REPOSITORIES:
        raise InputError(
            "read the option repository",
            cause=f"{kind.NAME} cannot keep its backups in a repository of the kind {repository.NAME}",
            next_action=f"Name a repository of one of the kinds {', '.join(kind.REPOSITORIES)}",
        )
    return opened(kind, options, repository, parameters)


def open_for_tape(parameters: dict[str, Any], tape: Repository) -> Engine:
    """The engine of which a tape holds copies: it cannot work on a tape, and says what is looked for."""
    kind, options = chosen(ENGINES, parameters["engine"], option="engine")
    return opened(kind, options, tape, parameters)


def opened(kind: type[Engine], options: dict[str, Any], repository: Repository, parameters: dict[str, Any]) -> Engine:
    return kind(
        options,
        repository,
        deadline=Deadline(parameters["deadline"]),
        configuration_file=parameters.get("configuration_file"),
        jobs=parameters.get("jobs"),
        memory_directory=Path(parameters["trust_directory"]),
    )


def open_ledger(parameters: dict[str, Any], engine: Engine) -> TrustLedger:
    """The evidence that there is about the engine's backups in this repository, here and as far as it was told."""
    told = understood(parameters.get("known_elsewhere"))
    return TrustLedger(Path(parameters["trust_directory"]), engine.stanza, engine.repository.name, told)
