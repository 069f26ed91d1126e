# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several hosts know of one backup is what one host would know that had seen all of it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.unit.plugins.module_utils._engine.records import minute

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import (
    Entry,
    failure,
    joined_entries,
    success,
    understood,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written

LEVELS = ("checked", "restored", "verified")


def proof(level: str, at: float, host: str = "dub-db1", identity: str = "one") -> Entry:
    return success(identity, level, {level: f"seen at {at}"}, host, minute(at))


def damage(at: float, host: str = "dub-db1", identity: str = "one") -> Entry:
    return failure(identity, [f"damaged at {at}"], {"found": at}, host, minute(at))


def doubt(at: float, host: str = "dub-db1") -> Entry:
    return failure("one", [], {"could_not_verify": at}, host, minute(at))


def joined(*entries: Entry) -> Entry:
    return joined_entries({"F1": each} for each in entries)["F1"]


def test_of_each_level_the_newest_proof_counts() -> None:
    entry = joined(proof("verified", 1, "fra-db1"), proof("checked", 5, "wit-store1"))
    assert (entry["level"], entry["proven_at"], entry["host"]) == ("verified", written(minute(1)), "wit-store1")
    assert entry["levels"] == {"checked": written(minute(5)), **dict.fromkeys(LEVELS[1:], written(minute(1)))}
    assert entry["evidence"] == {"verified": "seen at 1", "checked": "seen at 5"}


def test_damage_found_elsewhere_takes_away_what_was_proven_before_it() -> None:
    entry = joined(proof("verified", 1, "fra-db1"), damage(2))
    assert (entry["level"], entry["levels"], entry["errors"]) == ("taken", {}, ["damaged at 2"])


def test_damage_is_lifted_by_a_newer_look_that_goes_well_and_by_no_older_one() -> None:
    assert joined(damage(2), proof("restored", 1, "fra-db1"))["errors"] == ["damaged at 2"]
    lifted = joined(proof("verified", 1, "fra-db1"), damage(2), proof("checked", 3, "wit-store1"))
    assert (lifted["level"], lifted["errors"]) == ("checked", [])


def test_what_could_not_be_verified_is_lowered_and_lifts_no_damage() -> None:
    assert (joined(proof("verified", 1), doubt(2))["level"], joined(doubt(2))["errors"]) == ("taken", [])
    assert joined(damage(1), doubt(2))["errors"] == ["damaged at 1"]


def test_a_proof_that_was_lowered_elsewhere_does_not_come_back_from_a_host_that_did_not_know() -> None:
    lowered = joined(proof("restored", 1), damage(2), proof("checked", 3))
    assert joined(lowered, proof("restored", 1, "fra-db1"))["level"] == "checked"


def test_another_backup_of_the_same_name_has_nothing_of_the_first_one() -> None:
    assert joined(proof("verified", 1), damage(2, identity="two"))["identity"] == "two"
    assert joined(damage(1, identity="two"), proof("checked", 2))["errors"] == []


def any_entry(draw: random.Random, at: int) -> Entry:
    host = draw.choice(["fra-db1", "dub-db1", "wit-store1"])
    kind = draw.choice([*LEVELS, "damage", "doubt"])
    return {"damage": damage, "doubt": doubt}[kind](at, host) if kind not in LEVELS else proof(kind, at, host)


@pytest.mark.parametrize("seed", range(40))
def test_in_whatever_order_hosts_tell_each_other_they_all_know_the_same(seed: int) -> None:
    draw = random.Random(seed)
    looks = [any_entry(draw, at) for at in range(draw.randint(1, 9))]
    together = looks[0]
    for look in looks[1:]:
        together = joined(together, look)
    hosts = [joined(*draw.sample(looks, draw.randint(1, len(looks)))) for _number in range(3)]
    told = [joined(*draw.sample([*hosts, *looks], len(hosts) + len(looks))) for _number in range(3)]
    for entry in told:
        assert {**entry, "evidence": None} == {**together, "evidence": None}
    # A second round, in which each hears all of them, changes nothing any more.
    again = [joined(*draw.sample(told, 3)) for _number in range(3)]
    assert again[0] == again[1] == again[2] == joined(again[0], *told)


@pytest.mark.parametrize(
    ("old", "level", "errors"),
    [
        ({"level": "restored", "levels": {"checked": 3, "restored": 1}, "errors": []}, "restored", []),
        ({"level": "taken", "levels": {}, "errors": ["damaged"]}, "taken", ["damaged"]),
        ({"level": "taken", "levels": {}, "errors": []}, "taken", []),
        ({"level": "verified", "errors": []}, "verified", []),
    ],
)
def test_a_ledger_that_knows_nothing_of_failures_is_understood(
    old: dict[str, Any], level: str, errors: list[str]
) -> None:
    levels = {name: written(minute(at)) for name, at in old.get("levels", {}).items()}
    entry = {**old, "identity": "one", "proven_at": written(minute(2)), "host": "h", "evidence": {}, "levels": levels}
    read = understood({"F1": entry})
    assert (read["F1"]["level"], read["F1"]["errors"]) == (level, errors)
    assert understood(json.loads(json.dumps(read))) == read == joined_entries([read, read])
    assert joined(read["F1"], damage(9))["errors"] == ["damaged at 9"]
    assert joined(read["F1"], proof("checked", 9))["errors"] == []


def test_a_dated_proof_of_such_a_ledger_lifts_older_damage() -> None:
    at = written(minute(2))
    old = {"level": "checked", "levels": {"checked": at}, "errors": [], "proven_at": at, "identity": "one", "host": "h"}
    read = understood({"F1": old})["F1"]
    assert (joined(read, damage(1))["errors"], joined(read, damage(3))["errors"]) == ([], ["damaged at 3"])


@pytest.mark.parametrize("entry", [7, {}, {"level": "holy", "errors": [], "identity": "one"}, {"level": "taken"}])
def test_what_makes_no_sense_is_no_evidence(entry: Any) -> None:
    assert understood({"F1": entry, "F2": proof("checked", 1)}).keys() == {"F2"}


@pytest.mark.parametrize("content", [None, 7, [], "torn"])
def test_neither_is_a_ledger_that_is_none(content: Any) -> None:
    assert understood(content) == {}
