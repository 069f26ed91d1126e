# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dns_failover plans, with a name server in memory that also documents the interface of the family."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._pointing import (
    PointRecords,
    WantedActiveSite,
    WantedRecord,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import (
    NameServer,
    RecordChange,
    RecordKey,
    RecordSet,
    ServerAnswer,
    prerequisite_failed,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, NameServiceError

SHOP = RecordKey("shop.storefront.example.", "A")
ACTIVE = RecordKey("_recovery.storefront.example.", "TXT")


class ZoneInMemory(NameServer):
    """A primary and secondaries that follow at once, but for those in ``stuck``."""

    NAME = "memory"
    OPTIONS: dict[str, Any] = {}

    def __init__(self, options: dict[str, Any]) -> None:
        self.stuck: set[str] = set()
        self.serial = 1
        self.zones = {server: dict(options["records"]) for server in ("primary", "second", "third")}

    @property
    def primary(self) -> str:
        return "primary"

    def record_set(self, name: str, record_type: str, ttl: int, values: Sequence[str]) -> RecordSet:
        return RecordSet(RecordKey(name, record_type), ttl, tuple(sorted(values)))

    def read(
        self, keys: Sequence[RecordKey], *, without: Collection[str] = (), lost: Collection[str] = ()
    ) -> list[ServerAnswer]:
        return [
            ServerAnswer(
                server,
                0.0,
                serial=1 if server in self.stuck else self.serial,
                records={key: zone.get(key, RecordSet(key)) for key in keys},
            )
            for server, zone in self.zones.items()
            if server not in without
        ]

    def write(self, changes: Sequence[RecordChange], deadline: Deadline) -> None:
        zone = self.zones["primary"]
        conflicts = [str(each.before) for each in changes if zone.get(each.before.key, each.before) != each.before]
        if conflicts:
            raise prerequisite_failed(self.primary, conflicts)
        self.serial += 1
        for server in set(self.zones) - self.stuck:
            self.zones[server].update({change.after.key: change.after for change in changes})


def shop(*values: str) -> RecordSet:
    return RecordSet(SHOP, 5, values)


def subject(
    server: ZoneInMemory,
    *,
    expect: Sequence[str] | None = None,
    site: str | None = None,
    expect_site: str | None = None,
) -> PointRecords:
    return PointRecords(
        server,
        [WantedRecord(shop("10.20.1.31"), None if expect is None else shop(*expect))],
        WantedActiveSite(ACTIVE, 5, site, expect_site) if site else None,
        unreachable_accepted=[],
        deadline=Deadline(0.05),
    )


@pytest.fixture
def server() -> ZoneInMemory:
    active = RecordSet(ACTIVE, 5, ("site=frankfurt counter=3",))
    return ZoneInMemory({"records": {SHOP: shop("10.10.1.31"), ACTIVE: active}})


def test_the_plan_holds_all_records_as_they_should_be(server: ZoneInMemory) -> None:
    moving = subject(server, site="dublin")
    after = moving.plan(moving.describe())
    assert [entry["values"] for entry in after["records"]] == [["10.20.1.31"], ["site=dublin counter=4"]]


def test_what_is_expected_and_stands_is_no_conflict(server: ZoneInMemory) -> None:
    moving = subject(server, expect=["10.10.1.31"], site="dublin", expect_site="frankfurt")
    moving.plan(moving.describe())


def test_what_is_expected_and_does_not_stand_is_a_conflict_that_shows_both(server: ZoneInMemory) -> None:
    moving = subject(server, expect=["10.30.1.31"])
    with pytest.raises(NameServiceError, match="10.30.1.31.*10.10.1.31") as caught:
        moving.plan(moving.describe())
    assert caught.value.error_code == "DR-DNS-PREREQ"


def test_another_site_than_the_expected_one_is_a_conflict(server: ZoneInMemory) -> None:
    moving = subject(server, site="dublin", expect_site="madrid")
    with pytest.raises(NameServiceError, match="madrid.*frankfurt"):
        moving.plan(moving.describe())


def test_what_is_already_reached_conflicts_with_nothing(server: ZoneInMemory) -> None:
    first = subject(server, expect=["10.10.1.31"], site="dublin", expect_site="frankfurt")
    before = first.describe()
    first.apply(before, first.plan(before))
    again = subject(server, expect=["10.10.1.31"], site="dublin", expect_site="frankfurt")
    before = again.describe()
    assert again.plan(before) == before


def test_reading_back_waits_for_the_servers_that_follow_late_and_names_them(server: ZoneInMemory) -> None:
    server.stuck = {"third"}
    moving = subject(server)
    before = moving.describe()
    moving.apply(before, moving.plan(before))
    with pytest.raises(NameServiceError, match="third") as caught:
        moving.describe()
    assert caught.value.error_code == "DR-DNS-STALE"
    assert caught.value.evidence["stale"] == ["third"]


def test_the_evidence_can_be_given_back_as_records(server: ZoneInMemory) -> None:
    moving = subject(server)
    before = moving.describe()
    evidence = moving.evidence(before, moving.plan(before))
    assert evidence["before"]["records"] == [
        {"name": SHOP.name, "type": "A", "ttl": 5, "values": ["10.10.1.31"]},
    ]


def test_only_public_records_count_for_caches(server: ZoneInMemory) -> None:
    first = subject(server)
    before = first.describe()
    after = first.plan(before)
    assert first.evidence(before, after)["worst_cache_seconds"] == 5
    first.apply(before, after)
    only_site = subject(server, site="dublin")
    before = only_site.describe()
    assert only_site.evidence(before, only_site.plan(before))["worst_cache_seconds"] == 0


def test_nothing_to_point_is_an_error(server: ZoneInMemory) -> None:
    with pytest.raises(InputError):
        PointRecords(server, [], None, unreachable_accepted=[], deadline=Deadline(1))


def test_a_record_given_twice_is_an_error(server: ZoneInMemory) -> None:
    twice = [WantedRecord(shop("10.20.1.31")), WantedRecord(shop("10.20.1.32"))]
    with pytest.raises(InputError, match="twice"):
        PointRecords(server, twice, None, unreachable_accepted=[], deadline=Deadline(1))
