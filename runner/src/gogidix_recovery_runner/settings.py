# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings: one frozen value, made from one table of environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .errors import SettingsError

Known = Mapping[str, Any]

PREFIX = "DISASTER_RECOVERY_"
# Read by the command line client, not by the service.
CLIENT_VARIABLES = frozenset({"DISASTER_RECOVERY_API", "DISASTER_RECOVERY_TOKEN"})


@dataclass(frozen=True)
class Settings:
    """All that the service can be told; see TABLE for what each means."""

    host: str
    port: int
    data_directory: Path
    database_url: str
    project_directory: Path
    collections_path: Path
    collection: str
    inventories: dict[str, Path]
    vault_password_file: Path | None
    journal_directory: Path
    failover_timeout_seconds: int
    recovery_timeout_seconds: int
    kill_grace_seconds: int
    isolation: str

    @property
    def runs_directory(self) -> Path:
        return self.data_directory / "runs"

    @property
    def is_single_process(self) -> bool:
        """SQLite serves exactly one process; several need PostgreSQL."""
        return self.database_url.startswith("sqlite")


class Variable(NamedTuple):
    """One setting: its environment variable, how it is read, what stands for it when it is not given."""

    environment: str
    parse: Callable[[str], Any]
    default: Any
    meaning: str


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(f"must be from {low} to {high}")
        return number

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _path(text: str) -> Path:
    return Path(_text(text)).expanduser().absolute()


def _existing_file(text: str) -> Path:
    path = _path(text)
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _inventories(text: str) -> dict[str, Path]:
    """``name=path`` pairs, parted by commas."""
    found: dict[str, Path] = {}
    for pair in text.split(","):
        name, equals, path = pair.strip().partition("=")
        if not (name and equals and path):
            raise ValueError("must be name=path, more of them parted by commas")
        if name in found:
            raise ValueError(f"names {name} twice")
        found[name] = _path(path)
        if not found[name].exists():
            raise ValueError(f"there is no inventory at {found[name]}")
    return found


def _state_directory(_known: Known, _environment: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/gogidix-recovery")
    return Path("~/.local/state/gogidix-recovery").expanduser()


def _journal_directory(known: Known, environment: Mapping[str, str]) -> Path:
    """Where plans that are run by hand keep theirs, when this is said: an undo reads the journals of both."""
    given = environment.get("RECOVERY_JOURNAL_DIRECTORY")
    return Path(given) if given else Path(known["data_directory"]) / "journal"


def _inventories_of_project(known: Known, _environment: Mapping[str, str]) -> dict[str, Path]:
    folder = known["project_directory"] / "inventories"
    return {path.name: path for path in sorted(folder.glob("*/")) if path.is_dir()} if folder.is_dir() else {}


# A default that is callable is asked with the settings above it in this table, and the environment.
TABLE: dict[str, Variable] = {
    "host": Variable(f"{PREFIX}HOST", _text, "127.0.0.1", "address that the service listens on"),
    "port": Variable(f"{PREFIX}PORT", _whole(1, 65535), 8891, "port that the service listens on"),
    "data_directory": Variable(f"{PREFIX}DATA_DIRECTORY", _path, _state_directory, "records and run directories"),
    "database_url": Variable(
        f"{PREFIX}DATABASE_URL",
        _text,
        lambda known, _: f"sqlite:///{known['data_directory'] / 'records.sqlite3'}",
        "SQLAlchemy address of the records; SQLite in the data directory unless given",
    ),
    "project_directory": Variable(
        f"{PREFIX}PROJECT_DIRECTORY",
        _path,
        lambda _known, _: Path.cwd(),
        "where ansible.cfg stands and plans are started",
    ),
    "collections_path": Variable(
        f"{PREFIX}COLLECTIONS_PATH",
        _path,
        lambda known, _: known["project_directory"] / ".ansible" / "collections",
        "directory with ansible_collections/ in it",
    ),
    "collection": Variable(f"{PREFIX}COLLECTION", _text, "gogidix.disaster_recovery", "collection with the plans"),
    "inventories": Variable(
        f"{PREFIX}INVENTORIES",
        _inventories,
        _inventories_of_project,
        "inventories that may be used, as name=path,name=path; each folder of inventories/ unless given",
    ),
    "vault_password_file": Variable(
        f"{PREFIX}VAULT_PASSWORD_FILE", _existing_file, None, "file handed to Ansible for vaulted variables"
    ),
    "journal_directory": Variable(
        f"{PREFIX}JOURNAL_DIRECTORY",
        _path,
        _journal_directory,
        "where plans write their journals; RECOVERY_JOURNAL_DIRECTORY unless given",
    ),
    "failover_timeout_seconds": Variable(
        "FAILOVER_TIMEOUT", _whole(1, 86400), 300, "seconds a plan that moves may take"
    ),
    "recovery_timeout_seconds": Variable(
        "RECOVERY_TIMEOUT", _whole(1, 604800), 3600, "seconds any other plan may take"
    ),
    "kill_grace_seconds": Variable(
        f"{PREFIX}KILL_GRACE", _whole(0, 3600), 60, "seconds after the deadline until the supervisor ends a plan"
    ),
    "isolation": Variable(
        f"{PREFIX}ISOLATION",
        _one_of("auto", "namespace", "subreaper"),
        "auto",
        "how the processes of a run are held together: a pid namespace (bwrap) where possible, else a subreaper",
    ),
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment; the error names the variable, the cause and the remedy."""
    known_names = {variable.environment for variable in TABLE.values()} | CLIENT_VARIABLES
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known_names)
    if unknown:
        raise SettingsError(
            f"Unknown setting {unknown[0]}. Remove it, or correct it to one of: {', '.join(sorted(known_names))}."
        )
    values: dict[str, Any] = {}
    for attribute, variable in TABLE.items():
        text = environment.get(variable.environment)
        if text is None:
            values[attribute] = (
                variable.default(values, environment) if callable(variable.default) else variable.default
            )
            continue
        try:
            values[attribute] = variable.parse(text)
        except ValueError as error:
            raise SettingsError(
                f"{variable.environment}={text!r} is not usable: {error}. It is the {variable.meaning}."
            ) from error
    return Settings(**values)
