# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry of recovery_repositories becomes exactly one kind of repository."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from socket import create_server

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    REPOSITORIES,
    open_repository,
    repository_spec,
)


@pytest.mark.parametrize("kind", REPOSITORIES.values())
def test_every_kind_stands_under_its_own_name(kind: type[Repository]) -> None:
    assert REPOSITORIES[kind.NAME] is kind


def test_an_entry_of_the_inventory_is_taken_as_it_stands() -> None:
    entry = {
        "name": "offsite",
        "number": 2,
        "s3": {"endpoint": "store.example", "port": 9443, "bucket": "b", "region": "eu", "path": "/pgbackrest"},
        "cipher_passphrase": "example-only",
        "retention_full": 2,
    }
    repository = open_repository(entry)
    assert str(repository) == "repository offsite (repo2, s3://b/pgbackrest at store.example)"
    assert repository.is_to_be_encrypted


def test_two_kinds_at_once_are_refused() -> None:
    with pytest.raises(InputError, match="exactly one of"):
        open_repository({"name": "x", "number": 1, "filesystem": {"path": "/r"}, "s3": {"bucket": "b"}})


def test_every_secret_is_hidden() -> None:
    options = repository_spec()["options"]
    assert options["cipher_passphrase"]["no_log"] is True
    assert options["s3"]["options"]["secret_key"]["no_log"] is True
    assert options["s3"]["options"]["access_key"]["no_log"] is True


def test_a_directory_tells_its_room_and_a_missing_one_is_not_reachable(tmp_path: Path) -> None:
    here = open_repository({"name": "x", "number": 1, "filesystem": {"path": str(tmp_path)}}).probe()
    gone = open_repository({"name": "x", "number": 1, "filesystem": {"path": str(tmp_path / "no")}}).probe()
    assert here.reachable and here.free_bytes and gone.reachable is False and gone.free_bytes is None


def test_a_host_is_reachable_when_its_port_answers() -> None:
    with closing(create_server(("127.0.0.1", 0))) as server:
        options = {"host": "127.0.0.1", "port": server.getsockname()[1], "user": "u", "path": "/r"}
        assert open_repository({"name": "x", "number": 1, "repository_host": options}).probe().reachable
    assert open_repository({"name": "x", "number": 1, "repository_host": options}).probe().reachable is False
