# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The kinds of repository there are: one static table, because only static imports travel to a target."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.filesystem import (
    FilesystemRepository,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.repository_host import (
    RepositoryHost,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.s3 import S3Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

REPOSITORIES: dict[str, type[Repository]] = {
    member.NAME: member for member in (FilesystemRepository, RepositoryHost, S3Repository)
}


def repository_spec() -> dict[str, Any]:
    """An entry of recovery_repositories with its key as ``name``; its secrets are accepted and not used."""
    spec = union_spec(REPOSITORIES, required=True)
    spec["options"].update(
        name={"type": "str", "required": True},
        number={"type": "int", "required": True},
        cipher_passphrase={"type": "str", "no_log": True},
        retention_full={"type": "int"},
    )
    return spec


def open_repository(value: dict[str, Any]) -> Repository:
    """The repository that an option describes."""
    kind, options = chosen(REPOSITORIES, value, option="repository")
    is_to_be_encrypted = bool(value.get("cipher_passphrase"))
    return kind(value["name"], value["number"], options, is_to_be_encrypted=is_to_be_encrypted)
