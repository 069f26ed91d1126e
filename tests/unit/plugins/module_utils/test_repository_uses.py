# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each repository is looked at from each host that uses it, and what nobody saw has failed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import backup_copies
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import backup_targets
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_uses import (
    repository_checks,
    repository_uses,
)

ARCHIVE = {"number": 3, "filesystem": {"path": "/a"}, "cipher_passphrase": "example-only", "key_id": "k7"}
SITES = {"one": "db1", "two": "db2"}
DATABASES: dict[str, Any] = {
    name: {"engine": {"postgresql": {"stanza": name}}, "hosts": SITES} for name in ("orders", "stock")
}
FILES: dict[str, Any] = {
    name: {"kind": "filesystem", "engine": {"files": {"paths": [f"/{name}"]}}, "hosts": SITES} for name in ("a", "b")
}
TARGETS = backup_targets(DATABASES, {"archive": ARCHIVE}, (), FILES, "all")
USES = repository_uses(TARGETS, ["archive"])
HEALTHY = {"check": "write", "passed": True, "observed": "done", "required": "accepted"}


def seen(use: dict[str, Any], *checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"item": use, "failed": False, "checks": list(checks), **more}


def wrong(*results: Any, opened: tuple[Any, ...] = (), escrowed: tuple[str, ...] = ()) -> list[str]:
    checks = repository_checks(USES[:1], results, opened, escrowed)
    assert checks
    return [f"{each['name']} ({each['observed']})" for each in checks if not each["passed"]]


def test_a_host_looks_once_for_all_its_files_and_once_for_each_stanza_of_pgbackrest() -> None:
    assert [(use["name"], use["user"]) for use in USES] == [
        ("archive as pgbackrest on db1 uses it for orders", "postgres"),
        ("archive as pgbackrest on db1 uses it for stock", "postgres"),
        ("archive as restic on db1 uses it", "root"),
        ("archive as restic on db2 uses it", "root"),
    ]
    assert "example-only" not in str(USES)


def test_limits_are_of_a_repository_and_a_misspelt_one_is_refused() -> None:
    aged = {"maximum_age_seconds": 60}
    assert [use["limits"] for use in repository_uses(TARGETS, ["archive"], {"archive": aged})] == [aged] * 4
    for limits, wrong_one in (({"archiv": aged}, "archiv"), ({"archive": {"max_age": 60}}, "archive.max_age")):
        with pytest.raises(InputError, match=f"read recovery_repository_limits.{wrong_one}:"):
            repository_uses(TARGETS, ["archive"], limits)


def test_what_was_not_seen_has_failed_and_says_why() -> None:
    name = USES[0]["name"]
    assert wrong(seen(USES[0], HEALTHY)) == []
    assert (
        wrong()
        == wrong({"unreachable": True, "item": USES[0]})
        == [f"{name}: healthy (nobody could look at it from there)"]
    )
    assert wrong({"failed": True, "msg": "no key", "item": USES[0]}) == [f"{name}: healthy (no key)"]
    full = {**HEALTHY, "check": "free_space", "passed": False, "observed": "0 bytes are free"}
    assert wrong(seen(USES[0], HEALTHY, full, failed=True, msg="full")) == [f"{name}: free_space (0 bytes are free)"]
    assert wrong(seen(USES[0], HEALTHY, failed=True, msg="odd")) == [f"{name}: healthy (odd)"]


def test_an_escrowed_passphrase_that_nobody_tried_or_that_opens_nothing_has_failed() -> None:
    good, name = seen(USES[0], HEALTHY), USES[0]["name"]
    proof = {"item": USES[0], "failed": False, "escrow": {"opened_at": "2026-01-02T03:04:05Z"}}
    assert wrong(good, opened=(proof,), escrowed=("archive",)) == []
    assert wrong(good, escrowed=("archive",)) == [f"{name}: escrow (nobody could look at it from there)"]
    refused = {"item": USES[0], "failed": True, "msg": "wrong passphrase"}
    assert wrong(good, opened=(refused,), escrowed=("archive",)) == [f"{name}: escrow (wrong passphrase)"]
    assert wrong(good, escrowed=("anoter",)) == ["anoter: escrow (no source is kept there)"]


def test_a_repository_of_which_nobody_says_where_its_passphrase_is_escrowed_has_failed() -> None:
    archive: dict[str, Any] = {"number": 3, "filesystem": {"path": "/a"}, "encrypted": False}
    targets = backup_targets(DATABASES, {"archive": archive}, (), FILES, "all")
    # pgBackRest writes in clear what restic encrypts nevertheless.
    uses = repository_uses(targets, ["archive"])
    assert [use["key_id"] for use in uses] == [None, None, "", ""]
    checks = repository_checks(uses, [seen(use, HEALTHY) for use in uses], [], [])
    assert [each["name"] for each in checks if not each["passed"]] == [f"{use['name']}: key_id" for use in uses[2:]]


def test_a_copy_is_opened_by_the_passphrase_of_its_original_where_it_has_none_of_its_own() -> None:
    second = {"number": 4, "filesystem": {"path": "/b"}, "copy_of": "archive"}
    for own, named in (({}, "k7"), ({"key_id": "k8"}, "k8")):
        copies = backup_copies({}, {"archive": ARCHIVE, "second": {**second, **own}}, ["second"], FILES, "all")
        assert {use["key_id"] for use in repository_uses(copies, ["archive", "second"])} == {named}
