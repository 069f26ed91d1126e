# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A system is restored from one whole set, and never from parts of several."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import backup_copies
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import backup_targets
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._system_set import system_reads, system_set

HOSTS = {"frankfurt": "fra", "dublin": "dub"}
DATABASES = {
    "orders": {
        "engine": {"postgresql": {"version": 15, "stanza": "orders"}},
        "hosts": HOSTS,
        "repositories": ["one", "two"],
    }
}
FILES = {
    "settings": {
        "kind": "configuration",
        "engine": {"files": {"paths": ["/etc/shop"]}},
        "hosts": HOSTS,
        "repositories": ["kept"],
    },
    "baskets": {
        "kind": "application_state",
        "engine": {"files": {"paths": ["/srv"]}},
        "hosts": HOSTS,
        "repositories": ["kept"],
    },
}
REPOSITORIES = {
    name: {"number": number, "cipher_passphrase": "an example passphrase", "filesystem": {"path": f"/{name}"}}
    for number, name in enumerate(("one", "two", "kept"), 1)
}


def reads(*only: str) -> list[dict[str, Any]]:
    return system_reads(backup_targets(DATABASES, REPOSITORIES, [], FILES, "full_system"), DATABASES, "frankfurt", only)


def record(set_id: str, number: int = 1, level: str = "taken", **said: Any) -> dict[str, Any]:
    kept = {"id": f"{set_id}-{number}", "consistency_id": set_id, "errors": [], "is_complete": True}
    return {**kept, "stopped_at": f"2026-01-0{number}T00:00:00Z", "trust": {"level": level}, **said}


def found(*records: dict[str, Any], missing: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [{"item": read, "backups": list(records)} for read in reads() if read["name"] not in missing]


def test_what_is_of_another_site_is_read_by_whoever_opens_the_same_repository() -> None:
    seen = {
        (read["name"], read["site"], read["repository"]["name"]): (read["host"], read["wanted"]) for read in reads()
    }
    assert seen["orders", None, "one"] == ("fra", True)
    assert seen["settings", "dublin", "kept"] == ("fra", False)
    assert len(seen) == 6


def test_what_only_a_lost_site_had_is_read_by_whoever_has_the_key_at_the_other() -> None:
    ledger = {"engine": {"mariadb": {"stanza": "ledger"}}, "hosts": {"frankfurt": "fra"}, "repositories": ["kept"]}
    databases = {**DATABASES, "ledger": ledger}
    targets = backup_targets(databases, REPOSITORIES, [], FILES, "full_system")
    seen = {(read["name"], read["site"]): read for read in system_reads(targets, databases, "dublin")}
    read, reader = seen["ledger", None], seen["settings", "dublin"]
    assert (read["host"], read["user"], read["is_part"]) == (reader["host"], reader["user"], False)


def test_parts_that_are_not_wanted_are_read_and_not_restored() -> None:
    assert {read["name"] for read in reads("orders") if read["wanted"]} == {"orders"}
    assert {read["name"] for read in reads("orders") if read["is_part"]} == {"orders", "settings", "baskets"}
    assert [read["host"] for read in reads("orders") if read["name"] == "baskets"] == ["fra", "fra"]
    with pytest.raises(InputError, match="no part of the system"):
        reads("pictures")


def test_the_newest_whole_set_is_chosen_and_its_parts_come_in_order() -> None:
    chosen = system_set(found(record("old/6", 1), record("new/6", 2)))
    assert (chosen["id"], chosen["found"], chosen["total"]) == ("new/6", 6, 6)
    assert [part["name"] for part in chosen["parts"]] == ["settings", "orders", "baskets"]
    assert {part["backup"] for part in chosen["parts"]} == {"new/6-2"}
    assert {part["host"] for part in chosen["parts"]} == {"fra"}


def test_a_newer_set_that_is_not_whole_is_passed_over() -> None:
    read = found(record("old/6", 1), record("new/7", 2))
    assert system_set(read)["id"] == "old/6"
    with pytest.raises(PreconditionError, match="not whole"):
        system_set(read, "new/7")
    assert system_set(read, "new/7", "the rest is lost")["id"] == "new/7"


def test_damaged_and_unread_backups_make_no_set_whole() -> None:
    for read in (found(record("one/6", errors=["damaged"])), found(record("one/6"), missing=("baskets",))):
        with pytest.raises(PreconditionError, match="no set is whole"):
            system_set(read)
    with pytest.raises(InputError, match="no repository that could be read has it"):
        system_set(found(record("one/6")), "two/6")


def test_of_two_copies_the_more_trusted_one_is_taken() -> None:
    read = [
        {"item": one, "backups": [record("s/6", 1, "verified" if one["repository"]["name"] == "two" else "checked")]}
        for one in reads()
    ]
    orders = next(part for part in system_set(read)["parts"] if part["name"] == "orders")
    assert (orders["repository"]["name"], orders["trust"]) == ("two", "verified")


def test_a_copy_stands_in_for_its_original_and_makes_no_set_larger() -> None:
    far = {"number": 4, "s3": {"endpoint": "s", "bucket": "b", "region": "r"}, "cipher_passphrase": "an example"}
    copies = backup_copies(DATABASES, {**REPOSITORIES, "far": {**far, "copy_of": "one"}}, [], FILES, "full_system")
    read = reads() + system_reads(copies, DATABASES, "frankfurt")
    held = [
        {"item": each, "backups": [record("s/6")]} for each in read if each["repository"]["name"] not in ("one", "two")
    ]
    with pytest.raises(PreconditionError, match="5 of 6"):
        system_set(held)
    held += [{"item": each, "backups": [record("s/6")]} for each in read if each["repository"]["name"] == "two"]
    chosen = system_set(held)
    assert (chosen["found"], chosen["total"]) == (6, 6)
    assert chosen["parts"][1]["repository"]["name"] == "far"
