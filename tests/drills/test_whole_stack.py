# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything a stack is made of is backed up as one set, proven, lost, and brought back by the plans."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.drills.broken_tool import broken_tool
from tests.drills.conftest import bring_home
from tests.drills.drill_lab import INVENTORY, SNAPSHOT, DrillLab, Outcome
from tests.drills.stack_parts import SHOP, ledger, lose, parts, spoil
from tests.integration.lab.lab_command import REPOSITORY

pytestmark = pytest.mark.lab

INVENTORIES = (INVENTORY, "inventories/whole_stack")
ELEPHANTS = {"url": "http://shop.storefront.example/", "contains": "No"}
NEVER_TRUE = [{"name": "the shop sells elephants", "http": ELEPHANTS}]


@pytest.fixture(scope="module")
def stack(protected_lab: DrillLab) -> Iterator[DrillLab]:
    lab = protected_lab
    bring_home(lab)
    words = [word for inventory in INVENTORIES for word in ("-i", str(REPOSITORY / inventory))]
    playbook = [str(REPOSITORY / ".venv/bin/ansible-playbook"), *words]
    lab.do("exec", *playbook, str(REPOSITORY / "molecule/provision/whole_stack.yml"), timeout=300)
    # The orders have a backup already, taken when the lab was made.
    assert run(lab, "protect", recovery_backup_unless_newer_than_seconds=86400).code == 0
    yield lab
    lab.do("rollback", SNAPSHOT, timeout=300)


def run(lab: DrillLab, plan: str, *, check: bool = False, more: tuple[str, ...] = (), **asked: Any) -> Outcome:
    return lab.start(plan, asked, inventories=(*INVENTORIES, *more), check=check).finish()


def succeed(lab: DrillLab, plan: str, **asked: Any) -> Outcome:
    done = run(lab, plan, **asked)
    assert done.code == 0, done.story
    return done


def evidence(line: dict[str, Any]) -> list[dict[str, Any]]:
    """What a task proved: a loop has one entry for each of its items."""
    kept = line.get("recovery") or []
    return kept if isinstance(kept, list) else [kept]


def test_the_whole_system_is_taken_as_one_set(stack: DrillLab) -> None:
    taken = succeed(stack, "backup", recovery_backup_type="full_system")
    parts = {kept["stanza"] for line in taken.journal for kept in evidence(line) if kept.get("consistency_id")}
    assert parts >= {"orders", "orders_dump", "ledger", "pictures.frankfurt", "pictures.dublin", "settings.frankfurt"}
    assert "journals.frankfurt" not in parts


def test_a_part_of_a_set_stays_where_its_own_policy_would_let_it_go(stack: DrillLab) -> None:
    succeed(stack, "backup", recovery_backup_type="filesystem", recovery_backup_only=["pictures"])
    pictures = {
        "kind": "filesystem",
        "engine": {"files": {"paths": ["/srv/storefront/pictures"]}},
        "hosts": {"frankfurt": SHOP},
        "repositories": ["archive"],
        "retention": {"keep_last": 1},
    }
    retained = run(stack, "retention", check=True, recovery_files={"pictures": pictures})
    assert retained.code == 0, retained.story
    removed = {
        line["play"]: kept["removed"]
        for line in retained.journal
        for kept in evidence(line)
        if kept.get("stanza") == "pictures.frankfurt"
    }
    # protect has taken the first one, which is of no set.
    assert (len(removed["Look"]), len(removed["Retain"])) == (2, 1) and set(removed["Retain"]) < set(removed["Look"])


def test_what_is_not_proven_is_no_copy_and_what_is_proven_is_one(stack: DrillLab) -> None:
    unproven = run(stack, "policy")
    assert unproven.code != 0 and "restored" in unproven.text
    assert succeed(stack, "verify_backups", recovery_verify_level="verified").report["verdict"] == "verified"
    judged = run(stack, "policy")
    # Nobody shipped the ledger's log between its backups, and nothing here is immutable.
    assert judged.code != 0 and "immutable" in judged.text and "the log has gaps" in judged.text
    wanted = dict(copies=2, immutable=0, gaps=True)
    # Nobody orders anything now, or shipped a log since: that nothing would be lost is proven by the servers.
    idle = succeed(stack, "policy", recovery_backup_policy=wanted).report["checks"][0]["observed"]
    for database in ("orders", "ledger"):
        assert re.search(
            rf"\b{database} has \d copies and is idle since [^,]*, all of its log is in \w+, says", idle
        ), idle
    ledger(stack, "CREATE TABLE ledger.note (id int); DROP TABLE ledger.note")
    written = run(stack, "policy", recovery_backup_policy={**wanted, "max_recovery_point_age_seconds": 5})
    assert written.code != 0 and "its server on fra-db1: it has written since: " in " ".join(written.text.split())


def test_each_repository_is_looked_at_and_one_that_fails_hides_no_other(stack: DrillLab) -> None:
    asked: dict[str, Any] = {
        "recovery_backup_type": "database",
        "recovery_repository_limits": {"archive": {"maximum_age_seconds": 3600}},
    }
    escrowed = {"archive": "{{ vault_repository_archive_passphrase }}"}
    good = succeed(stack, "repositories", **asked, recovery_escrowed_passphrases=escrowed)
    assert {"free_space", "latency", "newest_object", "write", "opened", "escrow"} <= seen_of(good, passed=True)
    stack.do("run", "wit-store1", "mv", "/var/lib/recovery-store/recovery-archive", "/var/lib/recovery-store/away")
    try:
        bad = run(stack, "repositories", **asked, recovery_escrowed_passphrases={"offsite": "guessed"})
    finally:
        stack.do("run", "wit-store1", "mv", "/var/lib/recovery-store/away", "/var/lib/recovery-store/recovery-archive")
    assert bad.code != 0 and bad.report["verdict"] == "not_verified"
    wrong = {check["name"] for check in bad.report["checks"] if not check["passed"]}
    assert {name.partition(" ")[0] for name in wrong} == {"archive", "offsite"}
    assert {name for name in wrong if name.startswith("offsite")} == {
        "offsite as pgbackrest on wit-store1 uses it for orders: escrow"
    }


def seen_of(done: Outcome, *, passed: bool) -> set[str]:
    """What was looked at of any repository, by the last word of each check."""
    return {check["name"].rpartition(": ")[2] for check in done.report["checks"] if check["passed"] is passed}


def test_the_whole_system_goes_back_to_its_set_and_a_failing_restore_changes_nothing(stack: DrillLab) -> None:
    asked: dict[str, Any] = {"recovery_restore_site": "frankfurt", "recovery_restore_confirm": "storefront"}
    refused = run(stack, "restore_system", recovery_restore_site="frankfurt")
    assert refused.code != 0 and "recovery_restore_confirm" in refused.text
    checked = run(stack, "restore_system", **asked, recovery_restore_only=["orders"], check=True)
    assert checked.code == 0 and "; left out: " in " ".join(checked.text.split()), checked.story
    before = spoil(stack)
    # The last thing that is looked at is not as it should be: by then every part has changed places.
    failed = run(stack, "restore_system", **asked, recovery_checks=NEVER_TRUE, recovery_validation_wait_seconds=1)
    assert (failed.code, failed.status) == (2, "undone"), failed.story
    assert failed.report["parts"] == {"completed": 5, "total": 5, "left_out": []}
    assert parts(stack) == before
    lose(stack)
    done = succeed(stack, "restore_system", **asked)
    assert done.report["parts"] == {"completed": 5, "total": 5, "left_out": []}
    assert "run the plan reprotect" in " ".join(done.report["incidents"]).lower()
    after = parts(stack)
    assert [name for name in after if after[name] == before[name]] == []
    assert stack.shop_for(1)["failed_requests"] == 0
    back = {"recovery_source_site": "dublin", "recovery_target_site": "frankfurt"}
    succeed(stack, "reprotect", **back)


@pytest.mark.parametrize("part", os.environ.get("RECOVERY_DRILL_BROKEN_PARTS", "").split())
def test_a_part_that_cannot_be_restored_has_the_others_taken_back(stack: DrillLab, part: str) -> None:
    """Only where it is asked for, as in RECOVERY_DRILL_BROKEN_PARTS="settings pictures orders ledger baskets"."""
    before = parts(stack)
    with broken_tool(stack, part):
        failed = run(stack, "restore_system", recovery_restore_site="frankfurt", recovery_restore_confirm="storefront")
    assert (failed.code, failed.status) == (2, "undone"), failed.story
    assert failed.report["parts"]["completed"] < failed.report["parts"]["total"]
    assert "broken" in failed.text
    assert parts(stack) == before
    assert stack.shop_for(1)["failed_requests"] == 0


def test_a_source_that_cannot_be_taken_fails_the_run_and_stops_no_other(stack: DrillLab) -> None:
    stack.do("run", SHOP, "mv", "/srv/storefront/pictures", "/srv/storefront/elsewhere")
    try:
        taken = run(stack, "backup", recovery_backup_type="filesystem")
    finally:
        stack.do("run", SHOP, "mv", "/srv/storefront/elsewhere", "/srv/storefront/pictures")
    assert taken.code != 0
    assert f"{SHOP} did not do its part" in str(taken.report["incidents"])
    done = [line["host"] for line in taken.journal if line.get("task") == "Say that all of it was done here"]
    assert "dub-app1" in done


def test_a_lost_picture_and_a_spoilt_setting_come_back(stack: DrillLab) -> None:
    stack.do("run", SHOP, "rm", "/srv/storefront/pictures/teapot.svg")
    stack.do("run", SHOP, "sh", "-c", "echo spoilt >> /etc/storefront/storefront.ini")
    for name in ("pictures", "settings"):
        asked: dict[str, Any] = {"recovery_restore_files": name, "recovery_restore_mode": "in_place"}
        refused = run(stack, "restore", **asked)
        assert refused.code != 0 and "recovery_restore_confirm" in refused.text
        succeed(stack, "restore", **asked, recovery_restore_confirm=SHOP)
    assert "<svg" in stack.do("run", SHOP, "cat", "/srv/storefront/pictures/teapot.svg")
    assert "spoilt" not in stack.do("run", SHOP, "cat", "/etc/storefront/storefront.ini")
    assert stack.shop_for(1)["failed_requests"] == 0


def test_the_logs_of_an_application_come_back_beside(stack: DrillLab) -> None:
    directory = "/srv/journals-beside"
    succeed(stack, "restore", recovery_restore_files="journals", recovery_restore_beside=directory)
    [log] = stack.do("run", SHOP, "sh", "-c", f"find {directory} -type f -size +0 | head -n 1").splitlines()
    # It has grown since; what was backed up is how it begins.
    live = log.removeprefix(directory)
    stack.do("run", SHOP, "sh", "-c", f'cmp --bytes "$(stat -c %s {log})" {log} {live}')


def test_a_dropped_ledger_comes_back_to_the_moment_before(stack: DrillLab) -> None:
    ledger(stack, "INSERT INTO ledger.entries (account, amount) VALUES ('till', 7), ('stock', -7)")
    position = ":".join(ledger(stack, "SHOW MASTER STATUS").split()[:2])
    ledger(stack, "DROP TABLE ledger.entries")
    # Each log is shipped by whoever writes it: the ledger's by its server, that of the orders by their primary.
    shipped = succeed(stack, "backup", recovery_backup_strategy="transaction_log")
    ranges = [
        (line["host"], kept["stanza"]) for line in shipped.journal for kept in evidence(line) if kept.get("shipped")
    ]
    assert set(ranges) == {("fra-db1", "orders"), ("fra-db1", "ledger")}
    succeed(
        stack,
        "restore",
        recovery_restore_database="ledger",
        recovery_restore_beside="/var/lib/mysql-beside",
        recovery_restore_target_log_position=position,
    )
    count = "mariadb -BN -S /var/lib/mysql-beside/*.sock -e 'SELECT COUNT(*) FROM ledger.entries'"
    counted = stack.do("run", "fra-db1", "sh", "-c", count)
    assert counted.strip() == "4"


def test_a_table_is_taken_out_of_a_copy_as_a_dump(stack: DrillLab) -> None:
    succeed(
        stack,
        "restore",
        recovery_restore_database="orders",
        recovery_restore_beside="/var/lib/postgresql/15/part",
        recovery_restore_tables=["storefront.public.orders"],
    )
    assert stack.do("run", "fra-db1", "ls", "/var/lib/postgresql/15/part").split() == ["storefront.public.orders.dump"]


def test_a_dump_comes_back_as_a_file_that_any_newer_server_reads(stack: DrillLab) -> None:
    asked: dict[str, Any] = {"recovery_restore_database": "orders_dump"}
    refused = run(stack, "restore", **asked, recovery_restore_mode="in_place", recovery_restore_confirm="any")
    assert refused.code != 0 and "only goes beside" in " ".join(refused.text.split())
    directory = "/var/lib/postgresql/orders_dump"
    succeed(stack, "restore", **asked, recovery_restore_beside=directory)
    listed = stack.do("run", "fra-db1", "pg_restore", "--list", f"{directory}/storefront.dump")
    assert "TABLE DATA public orders" in listed


def test_a_setting_comes_back_from_a_copy_when_the_original_is_gone(stack: DrillLab) -> None:
    inventory = yaml.safe_load((REPOSITORY / INVENTORIES[1] / "group_vars/all/recovery.yml").read_text())
    second = {"number": 4, "filesystem": {"path": "/var/lib/recovery-second"}, "copy_of": "archive"}
    small: dict[str, Any] = {
        "recovery_databases": {},
        "recovery_observer": {},
        "recovery_files": {"settings": {**inventory["recovery_files"]["settings"], "hosts": {"frankfurt": SHOP}}},
        "recovery_repositories": {"archive": inventory["recovery_repositories"]["archive"], "second": second},
    }
    succeed(stack, "protect", **small, recovery_backup_unless_newer_than_seconds=3600)
    [told] = succeed(stack, "copy_backups", **small).report["copied"]
    there, new = re.findall(r"\d+", told)[::2]
    assert told.startswith("settings of frankfurt from archive to second") and there == new != "0"
    stack.do("run", SHOP, "sh", "-c", "echo spoilt >> /etc/storefront/storefront.ini")
    asked = {"recovery_restore_files": "settings", "recovery_restore_mode": "in_place"}
    stack.do("run", "wit-store1", "mv", "/var/lib/recovery-store/recovery-archive", "/var/lib/recovery-store/away")
    try:
        succeed(stack, "restore", **small, **asked, recovery_restore_repository="second", recovery_restore_confirm=SHOP)
    finally:
        stack.do("run", "wit-store1", "mv", "/var/lib/recovery-store/away", "/var/lib/recovery-store/recovery-archive")
    assert "spoilt" not in stack.do("run", SHOP, "cat", "/etc/storefront/storefront.ini")


def test_what_no_policy_keeps_goes_everywhere_and_what_stays_is_proven(stack: DrillLab) -> None:
    assert succeed(stack, "retention").report["status"] == "succeeded"
    assert succeed(stack, "drill").report["verdict"] == "verified"


def test_a_site_that_is_gone_is_fenced_and_its_system_restored_at_the_other(stack: DrillLab) -> None:
    asked: dict[str, Any] = {"recovery_source_site": "frankfurt", "recovery_restore_site": "dublin"}
    asked["recovery_restore_confirm"] = "storefront"
    refused = run(stack, "restore_system", **asked)
    assert refused.code != 0 and "still answers" in " ".join(refused.text.split())
    stack.do("power-off", "frankfurt")
    # The other site is a hybrid one: its database in a data centre, the rest in a cloud region.
    left = succeed(stack, "restore_system", more=("inventories/hybrid",), **asked).report
    assert [(proof["site"], proof["level"]) for proof in left["fence_proofs"]] == [("frankfurt", 3)]
    assert (left["verdict"], left["parts"]["left_out"]) == ("verified", ["baskets", "ledger"])
    assert (stack.world().roles[1], stack.world().names_point_at) == ("primary", "dublin")
    assert stack.shop_for(1)["failed_requests"] == 0
