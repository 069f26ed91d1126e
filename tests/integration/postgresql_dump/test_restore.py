# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proving a dump in a private server, and getting it back as files that load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.postgresql_dump.sandbox import Sandbox, Story
from tests.integration.servers.postgresql import PROGRAMS, as_postgres

COUNT = {"name": "all products are there", "query": "SELECT count(*) FROM product", "expect": "20000"}
CLERK = {
    "name": "the clerk may look",
    "query": "SELECT has_table_privilege('clerk', 'product', 'SELECT')",
    "expect": "t",
}


def verify(sandbox: Sandbox, level: str, **options: Any) -> dict[str, Any]:
    return {"level": level, "scratch_directory": str(sandbox.root / "scratch"), **options}


def test_a_verification_loads_the_dump_and_asks_it(story: Story) -> None:
    sandbox = story.sandbox
    result = sandbox.succeed("backup_verify", **verify(sandbox, "verified", checks=[COUNT, CLERK]))
    evidence = result["backup"]["trust"]["evidence"]
    assert result["trust"] == "verified" and evidence["checked"]["packs_read"] > 0
    restored = evidence["restored"]
    assert (restored["tables"], restored["tables_with_rows"], restored["said"]) == (4, 3, [])
    assert "tables and indexes are consistent" in restored["structure"]
    assert [each["observed"] for each in restored["checks"]] == ["20000", "t"]
    assert list((sandbox.root / "scratch").iterdir()) == []


def test_a_wrong_answer_takes_the_trust_away(story: Story) -> None:
    sandbox = story.sandbox.with_own_trust()
    wrong = {**COUNT, "expect": "20001"}
    error = sandbox.fail("backup_verify", "DR-INT", **verify(sandbox, "verified", checks=[wrong]))
    assert "20000, not 20001" in error["msg"]
    [record] = sandbox.succeed("backup_info")["backups"]
    assert record["trust"]["level"] == "taken" and record["errors"]


def test_a_flipped_bit_is_found_and_nothing_damaged_is_handed_out(story: Story) -> None:
    damaged = story.sandbox.damaged_copy()
    damaged.fail("backup_verify", "DR-INT", level="checked")
    directory = damaged.root / "from-damaged"
    damaged.fail("restore", "DR-INT", directory=str(directory))
    assert not directory.exists()


def test_a_dump_that_gives_a_wrong_answer_is_set_apart(story: Story) -> None:
    sandbox, directory = story.sandbox, story.sandbox.root / "wrong"
    error = sandbox.fail("restore", "DR-INT", directory=str(directory), run_id="r0", checks=[{**COUNT, "expect": "7"}])
    assert "20000, not 7" in error["msg"] and not directory.exists()
    assert (Path(error["recovery"]["quarantine"]) / "shop.dump").exists()


def test_a_restore_beside_gives_an_archive_that_loads(story: Story) -> None:
    sandbox = story.sandbox
    directory = sandbox.root / "beside"
    result = sandbox.succeed("restore", directory=str(directory), run_id="r1", checks=[COUNT])
    assert sorted(each.name for each in directory.iterdir()) == ["globals.sql", "shop.dump"]
    assert "tables and indexes are consistent" in result["proof"]["structure"]
    assert [each["observed"] for each in result["proof"]["checks"]] == ["20000"]
    assert "4 tables were loaded into PostgreSQL 15" in result["reached"]["by"]
    assert result["reached"]["at"] == story.backup["started_at"]
    assert all((directory / name).stat().st_mode & 0o077 == 0 for name in ("globals.sql", "shop.dump"))
    assert "example-only-clerk" not in (directory / "globals.sql").read_text()
    assert "CREATE ROLE clerk" in (directory / "globals.sql").read_text()
    load(sandbox, directory / "shop.dump", "loaded")
    hashed = "SELECT md5(string_agg(product::text, '' ORDER BY id)) FROM product WHERE id <= 10000"
    assert sandbox.sql("SELECT count(*) FROM product", database="loaded") == "20000"
    assert sandbox.sql(hashed, database="loaded") == sandbox.sql(hashed)
    again = sandbox.succeed("restore", directory=str(directory), run_id="r1")
    assert again["changed"] is False
    assert sandbox.succeed("restore", directory=str(directory), state="absent")["changed"] is True


def test_a_single_table_comes_out_as_a_dump_of_its_own(story: Story) -> None:
    sandbox = story.sandbox
    directory = sandbox.root / "part"
    result = sandbox.succeed("restore", directory=str(directory), select={"tables": ["shop.product"]})
    assert [each["rows"] for each in result["extracted"]] == [20000]
    assert [each.name for each in directory.iterdir()] == ["shop.public.product.dump"]
    sandbox.fail("restore", "DR-INPUT", directory=f"{directory}2", select={"databases": ["shop"]})


def test_it_never_takes_the_place_of_live_data_nor_travels_in_time(story: Story) -> None:
    given: dict[str, Any] = {"mode": "in_place", "confirm": story.backup["system_identifier"]}
    error = story.sandbox.fail("restore", "DR-INPUT", **given)
    assert "pg_restore" in error["next_action"]
    story.sandbox.fail("restore", "DR-INPUT", state="reverted", directory=str(story.sandbox.server.data))
    moment = {"type": "time", "value": "2026-01-01T00:00:00Z"}
    story.sandbox.fail("restore", "DR-INPUT", directory=str(story.sandbox.root / "no"), target=moment)


def load(sandbox: Sandbox, archive: Path, database: str) -> None:
    sandbox.sql(f"CREATE DATABASE {database}", database="postgres")
    restore = [str(PROGRAMS / "pg_restore"), "--exit-on-error", "-h", "127.0.0.1", "-p", str(sandbox.server.port)]
    as_postgres(*restore, "-d", database, str(archive))
