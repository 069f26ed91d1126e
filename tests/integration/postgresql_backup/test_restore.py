# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring with the real pgBackRest and PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox, Story
from tests.integration.servers.postgresql import PROGRAMS, as_postgres

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline


@pytest.fixture
def beside(story: Story) -> Iterator[Path]:
    """A place for a copy, which is removed with whatever runs there."""
    directory = story.sandbox.root / "beside"
    yield directory
    story.sandbox.succeed("restore", directory=str(directory), state="absent")


def at_time(value: str) -> dict[str, str]:
    return {"type": "time", "value": value}


def test_a_dropped_table_comes_back_as_it_was_the_moment_before(story: Story, beside: Path) -> None:
    sandbox = story.sandbox
    result = sandbox.succeed("restore", directory=str(beside), port=5433, target=at_time(story.before_drop))
    assert sandbox.sql("SELECT count(*) FROM product", at=beside, port=5433) == "20003"
    assert "recovery stopping before commit" in result["reached"]["by"]
    assert result["reached"]["at"] < story.before_drop and result["reached"]["timeline"] == 2
    assert result["backup"]["id"] == story.incremental["id"]
    assert {each["check"] for each in result["preflight"]} >= {"backup", "window", "timeline", "identity", "space"}
    kept = result["recovery"]
    assert (kept["backup"], kept["target"], kept["reached"]) == (
        story.incremental["id"],
        result["target"],
        result["reached"],
    )
    assert kept["preflight"] == result["preflight"]
    # It writes, but never to the archive, and nobody reaches it over the network.
    assert sandbox.sql("SHOW archive_mode; SHOW listen_addresses;", at=beside, port=5433) == "off"
    sandbox.sql("CREATE TABLE scratch_only (id int)", at=beside, port=5433)
    again = sandbox.succeed("restore", directory=str(beside), port=5433, target=at_time(story.before_drop))
    assert again["changed"] is False and again["reached"] == result["reached"]


def test_the_latest_target_reaches_the_end_of_the_archived_log(story: Story, beside: Path) -> None:
    result = story.sandbox.succeed("restore", directory=str(beside), port=5433)
    assert result["reached"]["by"] == "end_of_log"
    assert story.sandbox.sql("SELECT to_regclass('product') IS NULL", at=beside, port=5433) == "t"


def test_a_copy_can_be_left_stopped_and_a_running_one_is_not_overwritten(story: Story, beside: Path) -> None:
    sandbox = story.sandbox
    target = {"type": "immediate"}
    result = sandbox.succeed("restore", directory=str(beside), target=target, keep_running=False)
    assert not sandbox.is_running(beside) and result["reached"]["timeline"] == 2
    # It was looked through without being started once more: this is still the log of its recovery.
    assert "with the right checksum" in result["proof"]["pages"]
    assert "selected new timeline ID: 2" in (beside / "recovery-instance.log").read_text()
    sandbox.succeed("restore", directory=str(beside), target=target, backup=story.full["id"])
    assert sandbox.is_running(beside)
    error = sandbox.fail("restore", "DR-PRE", directory=str(beside), target=target)
    assert "a server is running on it" in error["msg"]


def test_a_dropped_table_is_extracted_from_a_copy_and_can_be_loaded_again(story: Story) -> None:
    sandbox, directory = story.sandbox, story.sandbox.root / "parts"
    options: dict[str, Any] = {"directory": str(directory), "target": at_time(story.before_drop), "port": 5434}
    error = sandbox.fail("restore", "DR-INPUT", select={"tables": ["product"]}, **options)
    assert "database.schema.table" in error["msg"] and not directory.exists()
    [part] = sandbox.succeed("restore", select={"tables": ["postgres.product"]}, **options)["extracted"]
    assert (part["part"], part["rows"], part["tables"]) == ("postgres.public.product", 20003, 1)
    assert [path.name for path in directory.iterdir()] == ["postgres.public.product.dump"]
    as_postgres(str(PROGRAMS / "pg_restore"), "-h", str(sandbox.root), "-d", "postgres", part["file"])
    assert sandbox.sql("SELECT count(*) FROM product") == "20003"
    sandbox.sql("DROP TABLE product")
    sandbox.succeed("restore", directory=str(directory), state="absent")
    assert not Path(part["file"]).exists()


def test_check_mode_does_the_whole_preflight_and_touches_nothing(story: Story) -> None:
    directory = story.sandbox.root / "beside"
    result = story.sandbox.succeed("restore", directory=str(directory), target=at_time(story.before_drop), check=True)
    assert result["changed"] is True and result["reached"] is None and not directory.exists()
    assert all(each["passed"] for each in result["preflight"]) and len(result["preflight"]) == 9
    found = {each["check"]: each for each in result["preflight"]}
    assert found["locales"]["required"] and found["collation"]["observed"].startswith("glibc")


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ({"type": "time", "value": "2026-01-02 03:04:05"}, "DR-INPUT", "has no zone"),
        ({"type": "time", "value": "yesterday"}, "DR-INPUT", "not an ISO 8601 instant"),
        ({"type": "time", "value": "2999-01-02T03:04:05Z"}, "DR-INPUT", "in the future"),
        ({"type": "time", "value": "2001-01-02T03:04:05Z"}, "DR-WAL", "outside of what can be recovered"),
        ({"type": "lsn", "value": "FF/5000060"}, "DR-WAL", "outside of what can be recovered"),
        ({"type": "lsn", "value": "somewhere"}, "DR-INPUT", "0/5000060"),
        ({"type": "latest", "value": "now"}, "DR-INPUT", "takes no value"),
        ({"type": "xid"}, "DR-INPUT", "needs a value"),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused_before_anything_is_touched(
    story: Story, target: dict[str, Any], code: str, words: str
) -> None:
    directory = story.sandbox.root / "refused"
    error = story.sandbox.fail("restore", code, directory=str(directory), target=target)
    assert words in error["msg"] and error["data_state"] == "untouched"
    assert not list(story.sandbox.root.glob("refused*"))


def test_a_directory_with_foreign_content_is_refused(story: Story) -> None:
    directory = story.sandbox.root / "foreign"
    directory.mkdir()
    (directory / "letter.txt").write_text("mine")
    error = story.sandbox.fail("restore", "DR-PRE", directory=str(directory))
    assert "it is not empty" in error["msg"]
    assert [path.name for path in directory.iterdir()] == ["letter.txt"]
    error = story.sandbox.fail("restore", "DR-PRE", directory=str(directory), state="absent")
    assert (directory / "letter.txt").exists()


def test_a_target_in_a_gap_of_the_log_is_refused_and_the_windows_are_named(story: Story) -> None:
    damaged = story.sandbox.variation("gap")
    damaged.segment(story.middle_segment).unlink()
    windows = damaged.succeed("backup_info")["windows"]
    assert [each["backups"] for each in windows] == [[story.full["id"]], [story.incremental["id"]]]
    directory = damaged.root / "refused"
    error = damaged.fail("restore", "DR-WAL", directory=str(directory), target=at_time(story.middle_at))
    assert windows[0]["until_at"] in error["msg"] and windows[1]["from_at"] in error["msg"]
    assert not list(damaged.root.glob("refused*"))


def test_a_moment_after_the_last_archived_transaction_is_never_claimed(story: Story) -> None:
    late = story.sandbox.variation("late")
    # The last piece arrived late: what was committed meanwhile is not in it.
    target = late.clock()
    segment = late.segment(story.last_segment)
    os.utime(segment, (segment.stat().st_atime, segment.stat().st_mtime + 3600))
    error = late.fail("restore", "DR-WAL", directory=str(late.root / "late"), target=at_time(target))
    assert "the archived log ends without" in error["msg"] and error["data_state"] == "partial_quarantined"


def test_a_damaged_backup_is_set_apart_and_never_put_in_place(story: Story) -> None:
    damaged = story.sandbox.variation("flipped")
    damaged.flip_bits(damaged.file_of_backup(story.full["id"]))
    directory = damaged.root / "damaged"
    options: dict[str, Any] = {"directory": str(directory), "backup": story.full["id"], "target": {"type": "immediate"}}
    error = damaged.fail("restore", "DR-INT", run_id="r1", **options)
    assert error["data_state"] == "partial_quarantined" and not directory.exists()
    quarantine = Path(error["recovery"]["quarantine"])
    assert quarantine.is_dir() and not (quarantine / "global" / "pg_control").exists()


def test_a_wrong_passphrase_is_named_as_such(story: Story) -> None:
    locked = story.sandbox.variation("locked", passphrase="example-only-wrong-passphrase", is_copied=False)
    calls: dict[str, dict[str, Any]] = {
        "backup_info": {},
        "backup": {},
        "backup_verify": {},
        "restore": {"directory": str(locked.root / "refused")},
    }
    for module, options in calls.items():
        error = locked.fail(module, "DR-KEY", **options)
        assert "passphrase" in error["next_action"] and "example-only" not in error["msg"]
    assert not list(locked.root.glob("refused*"))


@pytest.fixture(scope="module")
def lost(make_sandbox: MakeSandbox) -> Sandbox:
    """A cluster of its own, whose live data the tests replace."""
    sandbox = make_sandbox()
    sandbox.sql("CREATE TABLE product AS SELECT i AS id FROM generate_series(1, 1000) i;")
    sandbox.succeed("backup", strategy="full")
    sandbox.sql("SELECT pg_create_restore_point('before_the_release'); INSERT INTO product VALUES (1001);")
    sandbox.succeed("backup", strategy="transaction_log")
    return sandbox


def test_a_running_cluster_and_a_foreign_identity_are_refused(lost: Sandbox) -> None:
    assert "confirm is missing" in lost.fail("restore", "DR-INPUT", mode="in_place")["msg"]
    error = lost.fail("restore", "DR-TL", mode="in_place", confirm="7000000000000000001")
    assert "7000000000000000001" in error["msg"] and lost.system_identifier in error["msg"]
    given: dict[str, Any] = {"mode": "in_place", "confirm": lost.system_identifier}
    # Who is about to stop it can ask for everything else before; nothing is done as long as it runs.
    assert lost.succeed("restore", check=True, may_run_yet=True, **given)["changed"] is True
    for options in ({}, {"may_run_yet": True}):
        error = lost.fail("restore", "DR-PRE", **given, **options)
        assert "a server is running on it" in error["msg"] and lost.is_running()


def test_a_killed_restore_leaves_the_live_path_alone(lost: Sandbox) -> None:
    lost.stop()
    before = sorted(path.name for path in lost.data.iterdir())
    process = lost.begin("restore", mode="in_place", confirm=lost.system_identifier, run_id="killed")
    staged = lost.data.with_name("main.partial-killed")
    while not staged.exists() and process.poll() is None:
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert sorted(path.name for path in lost.data.iterdir()) == before and staged.exists()
    lost.start()
    assert lost.sql("SELECT count(*) FROM product") == "1001"


def test_the_live_data_is_replaced_by_proven_data_and_kept_aside(lost: Sandbox) -> None:
    lost.stop()
    options: dict[str, Any] = {"mode": "in_place", "confirm": lost.system_identifier, "run_id": "r7"}
    target = {"type": "name", "value": "before_the_release"}
    result = lost.succeed("restore", target=target, **options)
    assert lost.is_running() and lost.sql("SELECT count(*) FROM product") == "1000"
    assert result["kept"] == str(lost.data.with_name("main.pre-r7")) and Path(result["kept"], "PG_VERSION").exists()
    assert result["reached"]["timeline"] == 2 and "before_the_release" in result["reached"]["by"]
    # Nothing of the recovery stays that could stop this cluster one day, and it archives again.
    assert (
        lost.sql("SELECT count(*) FROM pg_file_settings WHERE name LIKE 'recovery%' OR name = 'restore_command'") == "0"
    )
    assert lost.sql("SHOW archive_mode") == "on"
    assert lost.succeed("restore", target=target, **options)["changed"] is False
    shipped = lost.succeed("backup", strategy="transaction_log")["log"]
    assert shipped["timeline"] == 2
    windows = lost.succeed("backup_info")["windows"]
    assert [each["timeline"] for each in windows] == [1, 2]


def test_the_former_data_goes_live_again_or_is_acknowledged_to_be_unneeded(lost: Sandbox) -> None:
    lost.stop()
    options: dict[str, Any] = {"mode": "in_place", "confirm": lost.system_identifier}
    kept = Path(lost.succeed("restore", target={"type": "name", "value": "before_the_release"}, **options)["kept"])
    lost.sql("CREATE TABLE only_in_the_restored (id int)")
    assert lost.succeed("restore", state="reverted", **options)["changed"] is True
    assert lost.is_running() and not kept.exists()
    assert lost.sql("SELECT to_regclass('only_in_the_restored') IS NULL") == "t"
    assert "no restore in place has kept anything" in lost.fail("restore", "DR-PRE", state="reverted", **options)["msg"]

    lost.stop()
    kept = Path(lost.succeed("restore", **options)["kept"])
    assert lost.succeed("restore", state="acknowledged", **options)["changed"] is True
    assert not kept.exists() and lost.is_running()
    assert lost.succeed("restore", state="acknowledged", **options)["changed"] is False


def test_a_backup_that_was_restored_once_is_restored_again(make_sandbox: MakeSandbox) -> None:
    again = make_sandbox()
    again.sql("CREATE TABLE product AS SELECT i AS id FROM generate_series(1, 1000) i;")
    first = again.succeed("backup", strategy="full")["backup"]["id"]
    given: dict[str, Any] = {"mode": "in_place", "confirm": again.system_identifier, "target": {"type": "immediate"}}
    for run_id in ("once", "again"):
        again.sql("INSERT INTO product VALUES (1001);")
        # No time to archive what was begun: of the later timeline there is nothing but its beginning.
        as_postgres(str(PROGRAMS / "pg_ctl"), "stop", "-D", str(again.data), "-m", "immediate")
        again.succeed("restore", backup=first, run_id=run_id, **given)
        assert again.sql("SELECT max(id) FROM product") == "1000"


def test_a_lost_cluster_comes_back_from_the_repository_and_its_key_alone(lost: Sandbox) -> None:
    identity = lost.system_identifier
    lost.sql("INSERT INTO product VALUES (2001);")
    lost.succeed("backup", strategy="transaction_log")
    lost.stop()
    lost.data.rename(lost.data.with_name("burnt"))
    result = lost.succeed("restore", mode="in_place", confirm=identity)
    assert result["kept"] is None
    assert lost.sql("SELECT max(id) FROM product") == "2001"


def test_a_cluster_that_is_started_later_by_hand_keeps_nothing_of_its_recovery_either(lost: Sandbox) -> None:
    lost.stop()
    target = {"type": "name", "value": "before_the_release"}
    lost.succeed("restore", mode="in_place", confirm=lost.system_identifier, target=target, keep_running=False)
    settings = lost.data / "postgresql.auto.conf"
    assert "restore_command" in settings.read_text() and not lost.is_running()
    lost.start()
    Deadline(30).wait_until(
        "the cluster accepts writes",
        lambda: lost.sql("SELECT pg_is_in_recovery()"),
        lambda answer: answer == "f",
        next_action="Read its log",
    )
    assert "restore_command" not in settings.read_text() and "recovery_" not in settings.read_text()


def test_no_secret_reaches_the_result(story: Story) -> None:
    result = story.sandbox.succeed("backup_info")
    assert "example-only" not in json.dumps({key: value for key, value in result.items() if key != "invocation"})
