# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One set of real stores for all tests of storage, and a way to make a repository in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox, make_sandbox
from tests.integration.servers.loop_share import loop_share
from tests.integration.servers.object_stores import ObjectStores, object_stores
from tests.integration.servers.process import open_directory
from tests.integration.servers.sftp_server import SftpServer, sftp_server
from tests.integration.storage.restic_place import PASSPHRASE, ResticPlace

__all__ = ["MakePlace", "MakeSandbox", "make_sandbox"]

MakePlace = Callable[..., ResticPlace]


@pytest.fixture(scope="session")
def stores() -> Iterator[ObjectStores]:
    with open_directory("root") as home, object_stores(home) as running:
        yield running


@pytest.fixture(scope="session")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("ssh")) as running:
        yield running


@pytest.fixture(scope="session")
def share() -> Iterator[Path]:
    """A file system of its own, mounted where a network share would be."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    with open_directory("root") as home, loop_share(home) as point:
        yield point


@pytest.fixture(scope="session")
def make_place(tmp_path_factory: pytest.TempPathFactory) -> MakePlace:
    """An entry of recovery_repositories of the kind that is given, ready for restic on a host of its own."""

    def make(name: str = "offsite", **entry: Any) -> ResticPlace:
        place = ResticPlace(
            tmp_path_factory.mktemp("etc"), name, {"number": 1, "cipher_passphrase": PASSPHRASE, **entry}
        )
        place.write()
        return place

    return make


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What the role writes lands here."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    return tmp_path
