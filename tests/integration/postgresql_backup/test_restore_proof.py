# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is proven of a restored cluster before it goes live, with the real pgBackRest and PostgreSQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.postgresql import as_postgres
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import Reached
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import engine_spec, open_engine
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

THERE = {"name": "there are products", "query": "SELECT count(*) FROM product", "expect": "1000"}
NAMES_ARE_LOWER_CASE = """
CREATE FUNCTION spelled(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE TABLE brand (name text);
INSERT INTO brand SELECT 'Brand ' || i FROM generate_series(1, 1000) i;
CREATE INDEX brand_spelled ON brand (spelled(name));
"""
# As when a collation changes: what the index holds is not what would be looked for.
NAMES_ARE_UPPER_CASE = """
CREATE OR REPLACE FUNCTION spelled(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
"""


@pytest.fixture(scope="module")
def shop(make_sandbox: MakeSandbox) -> Sandbox:
    """A cluster with products, in a place of its own for a part of them."""
    sandbox = make_sandbox()
    as_postgres("mkdir", str(sandbox.root / "place"))
    sandbox.sql("CREATE TABLE product AS SELECT i AS id FROM generate_series(1, 1000) i;")
    sandbox.succeed("backup", strategy="full")
    return sandbox


@pytest.fixture
def in_place(shop: Sandbox) -> Iterator[dict[str, Any]]:
    """The options of a restore in place; the cluster runs before and afterwards."""
    shop.stop()
    yield {"mode": "in_place", "confirm": shop.system_identifier, "target": {"type": "immediate"}}
    if not shop.is_running():
        shop.start()


def contents(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_table_answers_as_it_was_right_before_it_was_dropped(shop: Sandbox) -> None:
    moment = shop.clock()
    shop.sql("DROP TABLE product")
    shop.succeed("backup", strategy="transaction_log")
    # Whoever holds at the target holds the lock of the transaction that dropped it, too.
    given: dict[str, Any] = {"checks": [THERE], "target": {"type": "time", "value": moment}, "timeline": 1}
    beside: dict[str, Any] = {"directory": str(shop.root / "before"), "port": 5433}
    assert shop.succeed("restore", **beside, **given)["proof"]["checks"][0]["passed"] is True
    shop.succeed("restore", state="absent", **beside)
    shop.stop()
    options: dict[str, Any] = {"mode": "in_place", "confirm": shop.system_identifier}
    for prove in ("checks", "everything"):
        result = shop.succeed("restore", prove=prove, **options, **given)
        assert result["proof"]["checks"][0]["observed"] == "1000" == shop.sql("SELECT count(*) FROM product")
        shop.succeed("restore", state="reverted", keep_running=False, **options)
    shop.succeed("restore", **options, **given)
    shop.succeed("restore", state="acknowledged", **options)


def test_data_goes_live_only_after_its_tables_pages_and_answers_were_found_right(
    shop: Sandbox, in_place: dict[str, Any]
) -> None:
    proof = shop.succeed("restore", checks=[THERE], run_id="p1", **in_place)["proof"]
    assert proof["structure"] == "all tables and indexes are consistent"
    assert "with the right checksum" in proof["pages"] and proof["not_proven"] == []
    assert [(each["observed"], each["passed"]) for each in proof["checks"]] == [("1000", True)]
    # What was needed to look through it is nowhere: neither in the data nor beside it.
    assert shop.sql("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'") == "0"
    left = [name for name in contents(shop.data.parent) if "quarantine" not in name]
    assert left == ["main", "main.pre-p1", "main.recovery.json"]
    again = shop.succeed("restore", checks=[THERE], run_id="p1", **in_place)
    assert again["changed"] is False and again["proof"] == proof


def test_a_copy_that_gives_a_wrong_answer_is_kept_aside_and_the_live_data_stays(
    shop: Sandbox, in_place: dict[str, Any]
) -> None:
    inode = shop.data.stat().st_ino
    error = shop.fail("restore", "DR-INT", checks=[{**THERE, "expect": "7"}], run_id="p2", **in_place)
    assert "there are products: 1000, not 7" in error["msg"] and error["data_state"] == "partial_quarantined"
    assert error["recovery"]["checks"][0]["observed"] == "1000"
    apart = Path(error["recovery"]["quarantine"])
    assert apart == shop.data.with_name("main.quarantine-p2") and (apart / "PG_VERSION").exists()
    assert not shop.is_running(apart) and shop.data.stat().st_ino == inode


def test_an_operator_in_a_hurry_proves_less_and_is_told_what_is_left(shop: Sandbox, in_place: dict[str, Any]) -> None:
    wrong = [{**THERE, "expect": "7"}]
    result = shop.succeed("restore", prove="target", checks=wrong, run_id="p3", **in_place)
    assert (result["proof"]["structure"], result["proof"]["pages"], result["proof"]["checks"]) == (None, None, [])
    assert [each for each in result["notes"] if each.startswith("Not proven")] == [
        "Not proven: that it gives the right answers, for prove is target",
        "Not proven: that all of it is sound, for prove is target",
    ]
    shop.stop()
    result = shop.succeed("restore", prove="checks", checks=[THERE], run_id="p4", **in_place)
    assert result["proof"]["checks"][0]["passed"] is True
    assert result["notes"] == ["Not proven: that all of it is sound, for prove is checks"]


def test_a_copy_beside_is_proven_as_well_and_runs_on_as_it_was_backed_up(shop: Sandbox) -> None:
    directory = shop.root / "beside"
    options: dict[str, Any] = {"directory": str(directory), "port": 5433, "target": {"type": "immediate"}}
    result = shop.succeed("restore", checks=[THERE], **options)
    assert result["proof"]["structure"] and "with the right checksum" in result["proof"]["pages"]
    assert shop.sql("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'", at=directory, port=5433) == "0"
    shop.sql("CREATE TABLE scratch_only (id int)", at=directory, port=5433)
    shop.succeed("restore", state="absent", **options)
    error = shop.fail("restore", "DR-INT", checks=[{**THERE, "expect": "7"}], run_id="p5", **options)
    assert error["recovery"]["quarantine"] == str(shop.root / "beside.quarantine-p5") and not directory.exists()


def test_tablespaces_are_looked_through_without_being_written(shop: Sandbox) -> None:
    shop.sql(f"CREATE TABLESPACE apart LOCATION '{shop.root / 'place'}';")
    shop.sql("CREATE TABLE stock TABLESPACE apart AS SELECT i AS id FROM generate_series(1, 500) i;")
    shop.succeed("backup", strategy="full")
    shop.stop()
    options: dict[str, Any] = {"mode": "in_place", "confirm": shop.system_identifier, "run_id": "p6"}
    result = shop.succeed("restore", checks=[THERE], **options)
    assert result["proof"]["structure"] and result["proof"]["pages"]
    [moved] = [each["observed"] for each in result["preflight"] if each["check"] == "tablespaces"]
    assert moved == f"apart of {shop.root / 'place'} to {shop.data.parent / 'main.tablespaces-p6' / 'apart'}"
    assert shop.sql("SELECT count(*) FROM stock") == "500"
    assert not list(shop.data.parent.glob("*.trial"))


def test_an_index_that_does_not_fit_its_table_is_found_before_the_data_goes_live(shop: Sandbox) -> None:
    shop.sql(NAMES_ARE_LOWER_CASE)
    shop.sql(NAMES_ARE_UPPER_CASE)
    shop.succeed("backup", strategy="full")
    shop.stop()
    inode = shop.data.stat().st_ino
    options: dict[str, Any] = {"mode": "in_place", "confirm": shop.system_identifier}
    error = shop.fail("restore", "DR-INT", run_id="p7", **options)
    assert "brand_spelled" in error["msg"] and shop.data.stat().st_ino == inode
    assert Path(error["recovery"]["quarantine"]).is_dir() and not list(shop.data.parent.glob("*.trial"))
    # Questions alone do not find it.
    shop.succeed("restore", prove="checks", checks=[THERE], run_id="p8", **options)


@pytest.mark.parametrize("runs", [True, False])
def test_a_copy_whose_server_died_after_the_proof_is_not_taken_for_a_good_one(shop: Sandbox, runs: bool) -> None:
    copy = shop.root / "died"
    given: dict[str, Any] = {"directory": str(copy), "port": 5433, "target": {"type": "immediate"}}
    shop.succeed("restore", prove="target", **given)
    process_id = int((copy / "postmaster.pid").read_text().splitlines()[0])
    os.kill(process_id, signal.SIGKILL)
    wait_until("it is gone", lambda: not shop.is_running(copy))
    engine = open_engine(dict(ArgumentSpecValidator(engine_spec()).validate(shop.options).validated_parameters))
    with pytest.raises(IntegrityError, match="it is in production"):
        engine.open_beside(copy, Reached("0/1", None, 1, "a proof"), port=5433, runs=runs)
    shop.succeed("restore", state="absent", **given)
