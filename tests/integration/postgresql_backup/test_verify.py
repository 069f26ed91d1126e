# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listing and verifying with the real pgBackRest and PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.sandbox import STANZA, Sandbox, Story
from tests.integration.servers.postgresql import as_postgres

COUNT = {"name": "there are products", "query": "SELECT count(*) FROM product", "expect": "20000"}


def test_backups_windows_and_ages_are_listed(story: Story) -> None:
    listed = story.sandbox.succeed("backup_info")
    assert [each["id"] for each in listed["backups"]] == [story.full["id"], story.incremental["id"]]
    assert len(listed["windows"]) == 1 and listed["windows"][0]["from_at"] == story.full["stopped_at"]
    assert 0 <= listed["newest_recovery_point"]["age_seconds"] <= listed["newest_backup_age_seconds"] + 1
    assert listed["repository"]["reachable"] is True and listed["repository"]["free_bytes"] > 0
    assert listed["backup_running"] is False


def test_an_unknown_stanza_and_a_missing_repository_are_failures(story: Story) -> None:
    engine = {"postgresql": {**story.sandbox.options["engine"]["postgresql"], "stanza": "payments"}}
    assert "the stanza is not there" in story.sandbox.fail("backup_info", "DR-REPO", engine=engine)["msg"]
    gone = story.sandbox.variation("gone")
    gone.repository.rename(gone.repository.with_name("elsewhere"))
    gone.fail("backup_info", "DR-REPO")


def test_a_repository_in_clear_is_refused_when_it_is_declared_encrypted(story: Story) -> None:
    clear = story.sandbox.variation("clear", is_copied=False)
    text = clear.configuration_file.read_text().replace("repo1-cipher-type=aes-256-cbc", "repo1-cipher-type=none")
    clear.configuration_file.write_text(text)
    clear.fail("backup_info", "DR-KEY")


def test_a_verification_climbs_to_the_level_that_is_asked_for(story: Story) -> None:
    sandbox = story.sandbox.variation("climb", is_copied=False)
    given = {"backup": story.full["id"], "scratch_directory": str(sandbox.root / "scratch")}
    assert sandbox.succeed("backup_verify", check=True, **given)["trust"] == "checked"
    assert sandbox.succeed("backup_info")["backups"][0]["trust"]["level"] == "taken"
    sandbox.succeed("backup_verify", **given)
    assert sandbox.succeed("backup_info")["backups"][0]["trust"]["level"] == "checked"
    result = sandbox.succeed("backup_verify", level="verified", checks=[COUNT], **given)
    evidence = result["backup"]["trust"]["evidence"]
    assert result["trust"] == "verified" and result["changed"] is True
    assert evidence["restored"]["checks"][0]["observed"] == "20000"
    assert "with the right checksum" in evidence["restored"]["pages"]
    assert list((sandbox.root / "scratch").iterdir()) == []
    again = sandbox.succeed("backup_verify", level="verified", checks=[COUNT], unless_proven=True, **given)
    assert again["changed"] is False
    next(sandbox.trust.iterdir()).write_text("{ torn")
    assert sandbox.succeed("backup_info")["backups"][0]["trust"]["level"] == "taken"


def test_a_wrong_answer_takes_the_trust_back(story: Story) -> None:
    sandbox = story.sandbox.variation("answer", is_copied=False)
    given = {"backup": story.full["id"], "scratch_directory": str(sandbox.root / "scratch")}
    sandbox.succeed("backup_verify", **given)
    wrong = {**COUNT, "expect": "7"}
    error = sandbox.fail("backup_verify", "DR-INT", level="verified", checks=[wrong], **given)
    assert "there are products: 20000, not 7" in error["msg"]
    assert sandbox.succeed("backup_info")["backups"][0]["trust"]["level"] == "taken"


def test_a_corrupted_backup_is_found_although_the_tool_ends_with_zero(story: Story) -> None:
    damaged = story.sandbox.variation("corrupt")
    damaged.succeed("backup_verify", backup=story.full["id"])
    damaged.flip_bits(damaged.file_of_backup(story.full["id"]))
    tool = ["pgbackrest", f"--config={damaged.configuration_file}", f"--stanza={STANZA}", "verify"]
    assert subprocess.run(["runuser", "-u", "postgres", "--", *tool], check=False).returncode == 0
    error = damaged.fail("backup_verify", "DR-INT", backup=story.full["id"])
    assert "checksum invalid: 1" in error["msg"]
    listed = damaged.succeed("backup_info")["backups"][0]
    assert listed["errors"] and listed["trust"]["level"] == "taken"
    # Neither a restore nor the next incremental one builds on it.
    directory = str(damaged.root / "refused")
    refused = damaged.fail("restore", "DR-INT", directory=directory, backup=story.full["id"])
    assert "is damaged" in refused["msg"]
    planned = damaged.run("backup", strategy="incremental", check=True)
    assert planned["changed"] is True


def test_what_is_proven_is_not_looked_at_again_until_the_evidence_is_too_old(story: Story) -> None:
    sandbox = story.sandbox.variation("sample")
    given: dict[str, Any] = {"sample": {"newest": 1, "oldest_unproven": 1}, "unless_proven": True}
    first = sandbox.succeed("backup_verify", **given)
    assert (
        first["looked_at"] == [each["id"] for each in first["backups"]] == [story.full["id"], story.incremental["id"]]
    )
    assert all(each["proven_age_seconds"] < 30 for each in sandbox.succeed("backup_info")["backups"])
    again = sandbox.succeed("backup_verify", **given)
    assert again["changed"] is False and again["looked_at"] == []
    aged = sandbox.succeed("backup_verify", max_evidence_age_seconds=0, **given)
    assert aged["looked_at"] == first["looked_at"]
    # A damaged file speaks against every backup that needs it, until it was read again and is right.
    damaged = sandbox.file_of_backup(story.full["id"])
    whole = damaged.read_bytes()
    sandbox.flip_bits(damaged)
    error = sandbox.fail("backup_verify", "DR-INT", backups=[story.full["id"], story.incremental["id"]])
    assert story.full["id"] in error["msg"]
    damaged.write_bytes(whole)
    assert sandbox.succeed("backup_verify", backups=[story.full["id"]])["trust"] == "checked"


def test_a_truncated_or_missing_piece_of_the_log_is_found(story: Story) -> None:
    damaged = story.sandbox.variation("log")
    os.truncate(damaged.segment(story.incremental["wal_stop"]), 100)
    assert "log" in damaged.fail("backup_verify", "DR-INT", backup=story.incremental["id"])["msg"]
    damaged.segment(story.incremental["wal_stop"]).unlink()
    error = damaged.fail("backup_verify", "DR-INT", backup=story.incremental["id"])
    assert "is not complete in the archive" in error["msg"]


def test_an_interrupted_backup_is_not_listed_and_a_second_one_at_once_is_refused(story: Story) -> None:
    sandbox = story.sandbox.variation("interrupted")
    tool = ["pgbackrest", f"--config={sandbox.configuration_file}", f"--stanza={STANZA}", "--type=full", "backup"]
    process = subprocess.Popen(tool, user="postgres", group="postgres", cwd="/", start_new_session=True)
    lock = sandbox.root / f"lock-{sandbox.configuration_file.stem}" / f"{STANZA}-backup.lock"
    while process.poll() is None and not (lock.exists() and lock.stat().st_size):
        pass
    assert "another backup" in sandbox.fail("backup", "DR-LOCK", strategy="full")["msg"]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    listed = sandbox.succeed("backup_info")["backups"]
    assert [each["id"] for each in listed] == [story.full["id"], story.incremental["id"]]


@pytest.fixture
def small(story: Story) -> Iterator[Sandbox]:
    """A repository on a disk with one megabyte left."""
    sandbox = story.sandbox.variation("small", is_copied=False)
    place = story.sandbox.root / "small"
    place.mkdir()
    used = subprocess.run(["du", "-sk", story.sandbox.repository], check=True, capture_output=True, text=True).stdout
    size = f"size={int(used.split()[0]) + 1024}k,mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=True)
    try:
        text = sandbox.configuration_file.read_text()
        text = text.replace(f"repo1-path={sandbox.repository}", f"repo1-path={place}")
        # The server archives elsewhere, so that only the backup itself meets the full disk.
        sandbox.configuration_file.write_text(text + "[global:backup]\narchive-check=n\n")
        as_postgres("cp", "-a", str(story.sandbox.repository / "archive"), str(place))
        as_postgres("cp", "-a", str(story.sandbox.repository / "backup"), str(place))
        yield sandbox
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_repository_is_named_and_what_was_there_stays(story: Story, small: Sandbox) -> None:
    repository = {**small.options["repository"], "filesystem": {"path": str(small.root / "small")}}
    before = small.succeed("backup_info", repository=repository)["backups"]
    error = small.fail("backup", "DR-SPACE", strategy="full", repository=repository)
    assert error["recovery"]["needed_bytes"] > error["recovery"]["free_bytes"]
    # The same when there is nothing to compare with beforehand: the tool runs into it.
    disk = os.statvfs(small.root / "small")
    (small.root / "small" / "filler").write_bytes(bytes(disk.f_bavail * disk.f_frsize - 65536))
    error = small.fail("backup", "DR-SPACE", strategy="differential", repository=repository)
    assert "bytes are free there" in error["msg"] or "No space left" in error["msg"]
    # And in the middle: what is new fits by half, which nothing tells beforehand. Hexadecimal digits shrink to half.
    (small.root / "small" / "filler").unlink()
    story.sandbox.sql("CREATE TABLE noise AS SELECT md5(random()::text) FROM generate_series(1, 120000)")
    try:
        error = small.fail("backup", "DR-SPACE", strategy="differential", repository=repository)
        assert "No space left" in error["msg"] or error["recovery"]["rc"]
    finally:
        story.sandbox.sql("DROP TABLE noise")
    after = small.succeed("backup_info", repository=repository)["backups"]
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert not list((small.root / f"lock-{small.configuration_file.stem}").glob("*.lock"))


def test_a_repository_host_takes_its_backups_itself_and_the_error_names_it(story: Story) -> None:
    remote = story.sandbox.variation("remote", is_copied=False)
    text = remote.configuration_file.read_text().replace("[global]", "[global]\nrepo1-host=store.example")
    remote.configuration_file.write_text(text + "cmd-ssh=/bin/false\n")
    kind = {"name": "vault", "number": 1, "repository_host": {"host": "store.example", "path": "/var/lib/pgbackrest"}}
    error = remote.fail("backup", "DR-PRE", strategy="full", repository=kind)
    assert "Run this on the repository host store.example" in error["msg"]
    assert "store.example" in remote.fail("backup_info", "DR-REPO", repository=kind)["msg"]


def test_evidence_about_another_backup_of_the_same_name_does_not_count(story: Story) -> None:
    sandbox = story.sandbox.variation("foreign_evidence", is_copied=False)
    sandbox.succeed("backup_verify", backup=story.full["id"])
    ledger = next(sandbox.trust.iterdir())
    content = json.loads(ledger.read_text())
    content["entries"][story.full["id"]]["identity"] = "another"
    ledger.write_text(json.dumps(content))
    assert sandbox.succeed("backup_info")["backups"][0]["trust"]["level"] == "taken"


def test_an_incremental_backup_without_a_full_one_becomes_a_full_one(story: Story) -> None:
    empty = story.sandbox.variation("empty", is_copied=False)
    place = Path(f"{story.sandbox.repository}-empty")
    text = empty.configuration_file.read_text().replace(str(empty.repository), str(place))
    empty.configuration_file.write_text(text)
    server = story.sandbox.configuration / "postgresql.conf"
    before = server.read_text()
    try:
        empty.tool("stanza-create")
        server.write_text(before.replace(str(story.sandbox.configuration_file), str(empty.configuration_file)))
        empty.sql("SELECT pg_reload_conf()")
        result = empty.succeed("backup", strategy="incremental")
    finally:
        server.write_text(before)
        story.sandbox.sql("SELECT pg_reload_conf()")
    assert result["backup"]["strategy"] == "full" and any("full" in note for note in result["notes"])
