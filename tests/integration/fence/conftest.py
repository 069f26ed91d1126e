# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One lab for fences and leases, with one database that clients reach directly, by a pooler, and by a balancer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.fence.fence_lab import FenceLab, create_database, start_ways


@pytest.fixture(scope="session")
def fence_lab() -> Iterator[FenceLab]:
    made = FenceLab("fencetest")
    made.do("destroy")
    made.do("up", timeout=600)
    try:
        create_database(made)
        start_ways(made)
        for host in ("fra-db1", "dub-db1"):
            made.do("run", host, "install", "-d", "-o", "postgres", "-m", "750", "/var/lib/recovery/lease")
        yield made
    finally:
        made.do("destroy")


@pytest.fixture
def lab(fence_lab: FenceLab) -> Iterator[FenceLab]:
    """Every host on, nothing cut, and nobody holds the group."""
    yield fence_lab
    if fence_lab.status()["cuts"]:
        fence_lab.do("heal")
    for host in ("fra-db1", "dub-db1"):
        fence_lab.do("run", host, "sh", "-c", "rm -f /var/lib/recovery/lease/*")
