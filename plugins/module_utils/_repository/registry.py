# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The kinds of repository there are: one static table, because only static imports travel to a target.

An import in a function is one as well: what speaks to a kind's store travels, and is read where that is opened.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.azure import AzureRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Declared, Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.filesystem import (
    FilesystemRepository,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.gcs import GcsRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.nfs import NfsRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.repository_host import (
    RepositoryHost,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.s3 import S3Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.sftp import SftpRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._union import chosen, union_spec

REPOSITORIES: dict[str, type[Repository]] = {
    member.NAME: member
    for member in (
        AzureRepository,
        FilesystemRepository,
        GcsRepository,
        NfsRepository,
        RepositoryHost,
        S3Repository,
        SftpRepository,
        TapeRepository,
    )
}
RETENTION: dict[str, Any] = {
    name: {"type": "int"}
    for name in ("keep_last", "keep_days", "daily", "weekly", "monthly", "yearly", "minimum_proven")
}
# Of every kind. What is declared here is compared with what is observed, and counted by the policy of the group.
DECLARATIONS: dict[str, Any] = {
    "encrypted": {"type": "bool", "default": True},
    "cipher_passphrase": {"type": "str", "no_log": True},
    "cipher_passphrase_file": {"type": "str", "no_log": False},
    "cipher_passphrase_env": {"type": "str", "no_log": False},
    "key_id": {"type": "str", "default": "", "no_log": False},
    "retention": {"type": "dict", "options": RETENTION},
    "retention_full": {"type": "int"},
    "site": {"type": "str"},
    "offsite": {"type": "bool", "default": False},
    "medium": {"type": "str", "choices": ["disk", "object", "tape"]},
    "immutable": {"type": "bool", "default": False},
    "copy_of": {"type": "str"},
}


def repository_spec() -> dict[str, Any]:
    """An entry of recovery_repositories with its key as ``name``; its secrets are accepted."""
    spec = union_spec(REPOSITORIES, required=True)
    spec["options"].update(name={"type": "str", "required": True}, number={"type": "int", "required": True})
    spec["options"].update(DECLARATIONS)
    return spec


def secret_names() -> frozenset[str]:
    """Every option that is a secret, of whatever kind: nothing but the tool's own configuration carries these."""
    spec = repository_spec()["options"]
    every = {**spec, **{name: one for kind in REPOSITORIES for name, one in spec[kind]["options"].items()}}
    return frozenset(name for name, one in every.items() if one.get("no_log"))


def open_repository(value: dict[str, Any]) -> Repository:
    """The repository that an option describes, with what is declared of it."""
    kind, options = chosen(REPOSITORIES, value, option="repository")
    is_to_be_encrypted = value.get("encrypted") is not False
    repository = kind(value["name"], value["number"], options, is_to_be_encrypted=is_to_be_encrypted)
    retention = {name: int(one) for name, one in (value.get("retention") or {}).items() if one is not None}
    repository.declared = Declared(
        value.get("key_id") or "",
        value.get("medium") or kind.MEDIUM,
        bool(value.get("offsite")),
        bool(value.get("immutable")),
        retention,
        value.get("copy_of") or "",
    )
    return repository


def read_entry(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of recovery_repositories with every default in it, as a module would be given it."""
    read = ArgumentSpecValidator(repository_spec()["options"]).validate({**entry, "name": name})
    if read.error_messages:
        raise InputError(
            f"read recovery_repositories.{name}",
            cause="; ".join(read.error_messages),
            next_action="Correct that entry",
        )
    return dict(read.validated_parameters)
