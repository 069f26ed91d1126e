# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases of a host need a boot guard."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.filter.guarded_databases import guarded_databases

POSTGRESQL = {"postgresql": {"version": 15, "port": 5433}}
PAIR = {"here": "db1", "there": "db2"}


def guarded(**entry: Any) -> list[dict[str, Any]]:
    return guarded_databases({"orders": entry}, "db1", {"db2": {"ansible_host": "192.0.2.2"}})


def test_one_with_a_peer_is_guarded_and_knows_where_that_answers() -> None:
    assert [each["peers"] for each in guarded(engine=POSTGRESQL, hosts=PAIR)] == [[{"host": "192.0.2.2", "port": 5433}]]


@pytest.mark.parametrize(
    "entry",
    [
        {"engine": POSTGRESQL, "hosts": {"here": "db1"}},
        {"engine": POSTGRESQL, "hosts": {"there": "db2", "elsewhere": "db3"}},
        {"engine": POSTGRESQL, "hosts": PAIR, "moves": False},
        {"engine": {"mariadb": {"version": "10.11"}}, "hosts": PAIR},
    ],
    ids=["alone", "elsewhere", "does not move", "no PostgreSQL"],
)
def test_one_that_cannot_come_back_as_a_second_writer_is_not_guarded(entry: dict[str, Any]) -> None:
    assert guarded(**entry) == []
