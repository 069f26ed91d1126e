# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two hosts look at one repository of pgBackRest, each with evidence of its own: what one found counts for both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import STANZA, Sandbox
from tests.integration.servers.module_as_postgres import run_as_postgres

LAST = {"keep_last": 1}
LEDGER = {"stanza": STANZA, "repository": "local"}


@dataclass(frozen=True)
class TwoHosts:
    """Who takes backups and removes them, and who proves them."""

    keeper: Sandbox
    prover: Sandbox
    names: list[str]

    def known(self) -> dict[str, Any]:
        """What the prover knows, as other hosts are told it."""
        [ledger] = trust_of(self.prover, LEDGER)["ledgers"]
        entries: dict[str, Any] = ledger["entries"]
        return entries

    def tell(self, *, check: bool = False) -> dict[str, Any]:
        """Let it count at the keeper."""
        return trust_of(self.keeper, {**LEDGER, "entries": self.known()}, check=check)

    def trust(self, name: str) -> tuple[str, list[str]]:
        """The level that the keeper knows of a backup, and what speaks against it."""
        [found] = [each for each in self.keeper.succeed("backup_info")["backups"] if each["id"] == name]
        return found["trust"]["level"], found["errors"]


def trust_of(host: Sandbox, ledger: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
    options = {"ledgers": [ledger], "trust_directory": str(host.trust)}
    result = run_as_postgres(host.library, "backup_trust", options, check=check)
    assert not result.get("failed"), result
    return result


@pytest.fixture(scope="module")
def hosts(make_sandbox: MakeSandbox) -> TwoHosts:
    """Three full backups. The oldest was restored for a trial, where the keeper does not see it."""
    keeper = make_sandbox()
    prover = replace(keeper, trust=keeper.root / "trust-elsewhere")
    keeper.sql("CREATE TABLE product AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 20000) i;")
    names = [keeper.succeed("backup", strategy="full")["backup"]["id"] for _time in range(3)]
    scratch = str(keeper.root / "scratch")
    prover.succeed("backup_verify", level="restored", backup=names[0], scratch_directory=scratch)
    return TwoHosts(keeper, prover, names)


def removed(hosts: TwoHosts, *, check: bool = False, **options: Any) -> list[str]:
    done = hosts.keeper.succeed("backup_retention", policy=LAST, check=check, **options)
    return [each["id"] for each in done["removed"]]


def test_the_newest_proven_one_stays_although_it_was_proven_elsewhere(hosts: TwoHosts) -> None:
    first, middle, newest = hosts.names
    # As long as nobody tells the keeper, nothing keeps it.
    assert removed(hosts, check=True) == [middle, first]
    assert removed(hosts, check=True, known_elsewhere=hosts.known()) == [middle]
    assert hosts.tell(check=True)["changed"] is True and not hosts.keeper.trust.exists()
    told = hosts.tell()
    assert told["changed"] is True and told["recovery"] == {"learned": {"orders in local": [first]}}
    assert told["diff"]["after"]["orders in local"][first]["level"] == "restored"
    assert hosts.tell()["changed"] is False
    assert removed(hosts) == [middle]
    assert [each["id"] for each in hosts.keeper.succeed("backup_info")["backups"]] == [first, newest]


def test_what_was_found_damaged_elsewhere_is_neither_restored_nor_leaned_on(hosts: TwoHosts) -> None:
    newest = hosts.names[-1]
    file = hosts.keeper.file_of_backup(newest)
    whole = file.read_bytes()
    hosts.keeper.flip_bits(file)
    hosts.prover.fail("backup_verify", "DR-INT", backup=newest)
    known = hosts.known()
    asked: dict[str, Any] = {"directory": str(hosts.keeper.root / "refused"), "backup": newest}
    assert "is damaged" in hosts.keeper.fail("restore", "DR-INT", known_elsewhere=known, **asked)["msg"]
    taken = hosts.keeper.succeed("backup", strategy="incremental", known_elsewhere=known)
    assert taken["backup"]["strategy"] == "full" and "The chain is broken" in " ".join(taken["notes"])
    hosts.tell()
    level, errors = hosts.trust(newest)
    assert level == "taken" and "checksum invalid" in " ".join(errors)
    # It is lifted by a look that goes well, and by nothing else.
    file.write_bytes(whole)
    assert hosts.tell()["changed"] is False and hosts.trust(newest)[1] != []
    hosts.prover.succeed("backup_verify", backup=newest)
    hosts.tell()
    assert hosts.trust(newest) == ("checked", [])


def test_a_keeper_that_cannot_be_written_says_so(hosts: TwoHosts) -> None:
    options = {"ledgers": [{**LEDGER, "entries": hosts.known()}], "trust_directory": "/proc/recovery"}
    refused = run_as_postgres(hosts.keeper.library, "backup_trust", options)
    assert refused["error_code"] == "DR-PRE" and "keep evidence in /proc/recovery" in refused["msg"]
