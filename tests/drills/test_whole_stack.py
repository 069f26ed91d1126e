# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything a stack is made of is backed up as one set, proven, lost, and brought back by the plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.drills.conftest import bring_home
from tests.drills.drill_lab import INVENTORY, SNAPSHOT, DrillLab, Outcome
from tests.integration.lab.lab_command import REPOSITORY

pytestmark = pytest.mark.lab

INVENTORIES = (INVENTORY, "inventories/whole_stack")
SHOP = "fra-app1"


@pytest.fixture(scope="module")
def stack(protected_lab: DrillLab) -> Iterator[DrillLab]:
    lab = protected_lab
    bring_home(lab)
    words = [word for inventory in INVENTORIES for word in ("-i", str(REPOSITORY / inventory))]
    playbook = [str(REPOSITORY / ".venv/bin/ansible-playbook"), *words]
    lab.do("exec", *playbook, str(REPOSITORY / "molecule/provision/whole_stack.yml"), timeout=300)
    assert run(lab, "protect").code == 0
    yield lab
    lab.do("rollback", SNAPSHOT, timeout=300)


def run(lab: DrillLab, plan: str, *, check: bool = False, **asked: Any) -> Outcome:
    return lab.start(plan, asked, inventories=INVENTORIES, check=check).finish()


def succeed(lab: DrillLab, plan: str, **asked: Any) -> Outcome:
    done = run(lab, plan, **asked)
    assert done.code == 0, done.text[-6000:]
    return done


def evidence(line: dict[str, Any]) -> list[dict[str, Any]]:
    """What a task proved: a loop has one entry for each of its items."""
    kept = line.get("recovery") or []
    return kept if isinstance(kept, list) else [kept]


def ledger(lab: DrillLab, statement: str) -> str:
    return lab.do("run", "fra-db1", "mariadb", "-BN", "-e", statement).strip()


def test_the_whole_system_is_taken_as_one_set_and_proven(stack: DrillLab) -> None:
    taken = succeed(stack, "backup", recovery_backup_type="full_system")
    parts = {kept["stanza"] for line in taken.journal for kept in evidence(line) if kept.get("consistency_id")}
    assert parts >= {"orders", "orders_dump", "ledger", "pictures.frankfurt", "pictures.dublin", "settings.frankfurt"}
    assert "journals.frankfurt" not in parts
    unproven = run(stack, "policy")
    assert unproven.code != 0 and "restored" in unproven.text
    assert succeed(stack, "verify_backups", recovery_verify_level="verified").report["verdict"] == "verified"
    judged = run(stack, "policy")
    # Between its two backups nobody shipped the ledger's log, and nothing here is immutable.
    assert judged.code != 0 and "immutable" in judged.text and "the log has gaps" in judged.text
    succeed(stack, "policy", recovery_backup_policy={"copies": 2, "immutable": 0, "gaps": True})


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


def test_a_dropped_ledger_comes_back_to_the_moment_before(stack: DrillLab) -> None:
    ledger(stack, "INSERT INTO ledger.entries (account, amount) VALUES ('till', 7), ('stock', -7)")
    position = ":".join(ledger(stack, "SHOW MASTER STATUS").split()[:2])
    ledger(stack, "DROP TABLE ledger.entries")
    succeed(stack, "backup", recovery_backup_type="database", recovery_backup_only=["ledger"],
            recovery_backup_strategy="transaction_log")  # fmt: skip
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


def test_old_backups_go_and_proven_ones_stay(stack: DrillLab) -> None:
    retained = run(stack, "retention", check=True)
    assert retained.code == 0, retained.text[-5000:]
    assert succeed(stack, "retention").report["status"] == "succeeded"
    assert succeed(stack, "drill").report["verdict"] == "verified"
