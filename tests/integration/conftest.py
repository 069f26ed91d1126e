# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that tests of more than one subject share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.servers.module_as_postgres import module_library
from tests.integration.servers.name_servers import NameServers, name_servers


@pytest.fixture(scope="session")
def all_name_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    """One set for the whole session: its addresses exist only once."""
    with name_servers(tmp_path_factory.mktemp("dns")) as servers:
        yield servers


@pytest.fixture(scope="session")
def library() -> Iterator[Path]:
    """Where the database's user finds the modules."""
    with module_library() as root:
        yield root
