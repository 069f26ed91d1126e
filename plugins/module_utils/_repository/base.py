# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every kind of repository has: its options, how each tool is told of it, and what can be said of it from here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store

OLDEST_PGBACKREST = (2, 45)


@dataclass(frozen=True)
class Probe:
    """What a look at the place itself showed; None means that it cannot be asked from here."""

    reachable: bool | None
    free_bytes: int | None
    observed: str


@dataclass(frozen=True)
class ResticAddress:
    """How restic is told of a place: its URL, what its environment needs, and options before the command."""

    url: str
    # The secrets are those that the options hold: none, where the entry was passed without them.
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declared:
    """What the inventory says of a repository beside where it is."""

    # The name under which its passphrase is escrowed; empty where nobody has said one.
    key_id: str = ""
    medium: str = "disk"
    is_offsite: bool = False
    is_immutable: bool = False
    retention: dict[str, int] = field(default_factory=dict)
    # The repository of which it holds copies; empty for one that backups are taken into.
    copy_of: str = ""


class Repository(ABC):
    """A place where backups live. On a host its secrets stand in the tool's own configuration."""

    NAME: str
    OPTIONS: dict[str, Any]
    # What it is made of, as long as the inventory does not know better: disk, object or tape.
    MEDIUM: str = "disk"
    # The first pgBackRest that knows this kind.
    PGBACKREST_SINCE: tuple[int, int] = OLDEST_PGBACKREST
    # Whether it is a directory of the host that writes it.
    IS_DIRECTORY: bool = False
    # Whether every host has one of its own under the same name.
    IS_OF_ONE_HOST: bool = False

    def __init__(self, name: str, number: int, options: dict[str, Any], *, is_to_be_encrypted: bool) -> None:
        self.name = name
        self.number = number
        self.options = options
        self.is_to_be_encrypted = is_to_be_encrypted
        self.declared = Declared(medium=self.MEDIUM)

    @property
    def key_id(self) -> str:
        """What names its passphrase in the record of every backup: its own name where it is escrowed under no other.

        Nothing is derived from the passphrase: records are in clear, and would let everybody guess at a weak one.
        """
        return self.declared.key_id or self.name

    @property
    def host(self) -> str | None:
        """The host whose own pgBackRest writes it for the others; None when every host writes by itself."""
        return None

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, for a person."""

    @abstractmethod
    def probe(self) -> Probe:
        """Look at the place; never raises, never takes longer than a few seconds."""

    @property
    def local_directory(self) -> str | None:
        """The directory of this host that it is; None when it is reached by a tool only."""
        return None

    def require_ready(self) -> None:
        """Raise when the place is not what it is declared to be, so that nothing may be written to it."""
        return None

    def pgbackrest_settings(self) -> dict[str, str]:
        """pgBackRest's settings of the place, without their prefix ``repoN-``."""
        raise self._unusable("pgBackRest")

    def restic_address(self) -> ResticAddress:
        """Where restic finds its part of the place, which is apart from what pgBackRest keeps there."""
        raise self._unusable("restic")

    def open_store(self, secrets: dict[str, str]) -> Store | None:
        """The place itself, with the secrets of a tool's configuration; None when only the tool can reach it."""
        return None

    @staticmethod
    def given(settings: Mapping[str, Any]) -> dict[str, str]:
        """Only what has a value, as text."""
        return {name: str(value) for name, value in settings.items() if value not in (None, "")}

    def trusting(self) -> tuple[str, ...]:
        """restic's option for the authority of the place: its 0.14 reads none from its environment."""
        return ("--cacert", str(self.options["ca_file"])) if self.options.get("ca_file") else ()

    def secret(self, option: str, secrets: Mapping[str, str], *names: str) -> str:
        """A secret: the option, or else what the tool's configuration has under one of the names it goes by there."""
        found = self.options.get(option) or next((secrets[name] for name in names if secrets.get(name)), "")
        return str(found)

    def _unusable(self, tool: str) -> InputError:
        return InputError(
            f"use {self} with {tool}",
            cause=f"{tool} cannot keep its backups in a repository of the kind {self.NAME}",
            next_action="Name a repository of another kind, and keep this one for what it is good for",
        )

    def __str__(self) -> str:
        return f"repository {self.name} (repo{self.number}, {self.place})"


def within(path: str, part: str) -> str:
    """A part of a path inside a bucket or directory, without doubled slashes."""
    return f"{path.rstrip('/')}/{part}"
