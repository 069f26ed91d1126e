# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name servers of these tests: one set for all of them, every test sets the records it starts from."""

from __future__ import annotations

import pytest
from tests.integration.servers.name_servers import STALE_ZONE, NameServers


@pytest.fixture
def servers(all_name_servers: NameServers) -> NameServers:
    all_name_servers.put("shop.storefront.example.", 5, "A", "10.10.1.31")
    all_name_servers.put("_recovery.storefront.example.", 5, "TXT", '"site=frankfurt counter=3"')
    return all_name_servers


@pytest.fixture
def stale_zone(all_name_servers: NameServers) -> NameServers:
    all_name_servers.put("shop.stale.example.", 5, "A", "10.10.1.31", zone=STALE_ZONE)
    return all_name_servers
