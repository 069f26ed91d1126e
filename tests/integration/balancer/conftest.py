# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One PostgreSQL with a second one beside it for all tests, and a pooler of its own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.servers.pgbouncer import Pooler, pgbouncer
from tests.integration.servers.postgresql import Server, postgresql


@pytest.fixture(scope="session")
def frankfurt() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def dublin() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture
def pooler(frankfurt: Server) -> Iterator[Pooler]:
    with pgbouncer(frankfurt.port) as running:
        yield running
