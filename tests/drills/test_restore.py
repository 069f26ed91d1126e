"""What was dropped comes back as it was a moment before, where it is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.drills.drill_lab import INVENTORY, DrillLab, Outcome

pytestmark = pytest.mark.lab

BESIDE = "/var/lib/postgresql/beside"
COUNT = "SELECT count(*), md5(string_agg(id::text, ',' ORDER BY id)) FROM orders"


@pytest.fixture
def shop(lab: DrillLab) -> DrillLab:
    assert lab.shop_for(2)["acknowledged_orders"] == 20
    return lab


def test_a_dropped_table_is_restored_to_the_moment_before_beside_the_live_database(shop: DrillLab) -> None:
    orders = shop.sql("fra-db1", COUNT)
    moment = shop.sql("fra-db1", "SELECT clock_timestamp()")
    shop.sql("fra-db1", "DROP TABLE orders CASCADE")
    try:
        asked = {
            "recovery_restore_database": "orders",
            "recovery_restore_site": "frankfurt",
            "recovery_restore_beside": BESIDE,
        }
        restored = shop.plan("restore", **asked, recovery_restore_target_time=moment)
        assert restored.code == 0, restored.story
        assert shop.sql("fra-db1", COUNT, socket=BESIDE) == orders
        assert shop.sql("fra-db1", "SELECT to_regclass('orders') IS NULL") == "t"
        removed = shop.plan("restore", **asked, recovery_restore_state="absent")
        assert removed.code == 0, removed.story
        assert shop.do("run", "fra-db1", "sh", "-c", f"ls -d {BESIDE}* || true").strip() == ""
    finally:
        shop.do("rollback", "protected", timeout=300)


def test_a_database_goes_back_in_its_place_and_only_where_nobody_else_writes_it(shop: DrillLab) -> None:
    orders = shop.sql("fra-db1", COUNT)
    moment = shop.sql("fra-db1", "SELECT clock_timestamp()")
    shop.sql("fra-db1", "DROP TABLE orders CASCADE")
    asked = {
        "recovery_restore_database": "orders",
        "recovery_restore_mode": "in_place",
        "recovery_restore_confirm": shop.sql("fra-db1", "SELECT system_identifier FROM pg_control_system()"),
        "recovery_restore_target_time": moment,
    }
    before = shop.world()
    refused = shop.plan("restore", recovery_restore_site="dublin", **asked)
    assert refused.status == "undone" and refused.changes() == []
    assert "another host writes orders: fra-db1" in " ".join(refused.text.split())
    assert shop.world() == before
    try:
        restored = shop.plan("restore", recovery_restore_site="frankfurt", **asked)
        assert restored.code == 0, restored.story
        [told] = restored.report["restores"]
        assert told["backup"] in restored.text and told["target"]["value"].endswith("Z") and told["reached"]["at"]
        assert {"backup", "window", "timeline", "version", "space"} <= {each["check"] for each in told["preflight"]}
        assert restored.text.index("orders into") < restored.text.index("Stop the live cluster")
        assert shop.sql("fra-db1", COUNT) == orders
        assert shop.world().leases == ()
        [left_behind] = restored.report["incidents"]
        assert left_behind.startswith("dublin holds a standby of the former history. Run the plan reprotect")
        assert_taken_back(shop, restored, asked)
    finally:
        shop.do("rollback", "protected", timeout=300)


def assert_taken_back(shop: DrillLab, restored: Outcome, asked: dict[str, Any]) -> None:
    """An undo leaves a restore alone and says how it is taken back; what was live before it is live again."""
    undone = shop.plan("undo")
    assert undone.code == 2 and undone.changes() == [], undone.story
    assert f"-e recovery_restore_run={restored.run_id}" in undone.text
    back = {name: value for name, value in asked.items() if name != "recovery_restore_target_time"}
    back |= {"recovery_restore_mode": "in_place", "recovery_restore_site": "frankfurt"}
    reverted = shop.plan("restore", **back, recovery_restore_state="reverted", recovery_restore_run=restored.run_id)
    assert reverted.code == 0, reverted.story
    assert shop.sql("fra-db1", "SELECT to_regclass('orders') IS NULL") == "t"
    assert shop.world().leases == ()


def test_a_host_in_a_cloud_that_has_only_a_repository_and_its_key_gets_the_orders(shop: DrillLab) -> None:
    shop.do("power-on", "fra-db2")
    try:
        orders = shop.sql("fra-db1", COUNT)
        assert shop.plan("backup", recovery_backup_repositories=["offsite"]).code == 0
        restored = shop.start(
            "restore",
            {
                "recovery_restore_database": "orders",
                "recovery_restore_site": "frankfurt",
                "recovery_restore_host": "west-db1",
                "recovery_restore_repository": "offsite",
                "recovery_restore_beside": BESIDE,
            },
            inventories=(INVENTORY, "inventories/cloud_region"),
        ).finish()
        assert restored.code == 0, restored.story
        assert shop.sql("fra-db2", COUNT, socket=BESIDE) == orders
    finally:
        shop.do("rollback", "protected", timeout=300)


def test_a_drill_proves_every_repository_and_changes_nothing(lab: DrillLab) -> None:
    before = lab.world()
    drilled = lab.plan("drill")
    assert drilled.code == 0, drilled.story
    assert drilled.report["verdict"] == "verified", drilled.report["reasons"]
    assert lab.world() == before
