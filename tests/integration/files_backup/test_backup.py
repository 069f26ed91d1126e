# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of files are taken, listed and judged; what cannot become a backup is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import HOST, Sandbox, write_random
from tests.integration.files_backup.test_begun_record import held_repository
from tests.integration.kills import words_of
from tests.integration.servers.process import wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import children

WAIT = {"next_action": "Look at the test"}


def test_every_strategy_gives_a_backup_that_stands_alone(sandbox: Sandbox) -> None:
    first = sandbox.succeed("backup", strategy="incremental")
    assert first["backup"]["strategy"] == "full"
    assert "no full backup" in first["notes"][0]
    (sandbox.source / "settings.conf").write_text("port = 8080\n")
    second, third = sandbox.backup("incremental"), sandbox.backup("differential")
    assert second["parent"] == third["parent"] == first["backup"]["id"]
    assert second["chain"] == third["chain"] == []
    assert second["stored_bytes"] < first["backup"]["stored_bytes"] / 10
    assert {each["system_identifier"] for each in (second, third)} == {HOST}
    assert sandbox.locks() == []
    sandbox.succeed("backup", unless_newer_than_seconds=600, check=False)
    listed = sandbox.succeed("backup_info")
    assert [each["id"] for each in listed["backups"]] == [first["backup"]["id"], second["id"], third["id"]]
    assert listed["windows"] == []
    assert listed["newest_recovery_point"]["at"] == third["started_at"]
    assert listed["backup_running"] is False


def test_check_mode_takes_none_and_a_new_enough_one_is_enough(shop: Sandbox) -> None:
    before = shop.ids()
    would = shop.succeed("backup", strategy="full", check=True)
    assert would["changed"] and would["backup"] is None
    enough = shop.succeed("backup", strategy="full", unless_newer_than_seconds=3600)
    assert not enough["changed"] and enough["backup"]["id"] in before
    assert shop.ids() == before


def test_configuration_brings_documents_about_the_host_and_leaves_none_behind(sandbox: Sandbox) -> None:
    host = sandbox.saying(kind="configuration", collect=["packages", "unit_files"], excludes=["*.html"])
    host.backup()
    staging = host.root / "staging" / "shop"
    assert not staging.exists()
    copy, _result = host.restore_beside("beside")
    documents = Path(f"{host.root}/beside{staging}")
    assert "restic\t" in (documents / "packages.tsv").read_text()
    assert (documents / "unit_files.json").read_text().startswith("{")
    assert documents.stat().st_mode & 0o777 == 0o700
    assert (copy / "pages" / "picture").exists()
    assert not (copy / "pages" / "index.html").exists()


def held(sandbox: Sandbox, release: str = "rm") -> dict[str, Any]:
    flag = str(sandbox.root / "held")
    return {"quiesce": ["touch", flag], "release": [release, flag]}


def test_an_application_is_held_still_while_it_is_read(sandbox: Sandbox) -> None:
    record = sandbox.saying(hooks=held(sandbox)).backup()
    assert record["is_consistent"]
    assert not (sandbox.root / "held").exists()


@pytest.mark.parametrize("how", ["a path is gone", "quiesce fails", "the deadline is over"])
def test_what_was_quiesced_is_released_however_it_ends(sandbox: Sandbox, how: str) -> None:
    hooks = held(sandbox)
    if how == "quiesce fails":
        hooks["quiesce"] = ["sh", "-c", f"touch {sandbox.root}/held; exit 1"]
        sandbox.saying(hooks=hooks).fail("backup", "DR-TOOL", strategy="full")
    elif how == "a path is gone":
        hooks["quiesce"] = ["sh", "-c", f"touch {sandbox.root}/held; mv {sandbox.source} {sandbox.root}/away"]
        sandbox.saying(hooks=hooks).fail("backup", "DR-PRE", strategy="full")
    else:
        hooks["quiesce"] = ["sh", "-c", f"touch {sandbox.root}/held; sleep 60"]
        sandbox.saying(hooks=hooks).fail("backup", "DR-DEADLINE", strategy="full", deadline=2)
    assert not (sandbox.root / "held").exists()
    assert sandbox.ids() == []


def test_a_failing_release_is_said_and_gives_no_backup(sandbox: Sandbox) -> None:
    failed = sandbox.saying(hooks=held(sandbox, release="false")).fail("backup", "DR-TOOL", strategy="full")
    assert "may still be held still" in failed["next_action"]
    assert sandbox.ids() == []


def write_meanwhile(sandbox: Sandbox) -> subprocess.Popen[bytes]:
    """A process that never stops changing a file of the source."""
    script = f'while :; do date +%N > "{sandbox.source}/busy"; done'
    return subprocess.Popen(["sh", "-c", script], start_new_session=True)


def test_a_source_that_changes_while_it_is_read_is_told_or_refused(sandbox: Sandbox) -> None:
    write_random(sandbox.source / "big", 4_000_000)
    writer = write_meanwhile(sandbox)
    try:
        told = sandbox.succeed("backup", strategy="full")
        refused = sandbox.saying(on_change="fail").fail("backup", "DR-INT", strategy="full")
    finally:
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
    assert told["backup"]["is_consistent"] is False
    assert f"{sandbox.source}/busy" in told["notes"][0]
    assert "busy" in refused["cause"]
    assert sandbox.ids() == [told["backup"]["id"]]
    assert sandbox.succeed("backup_verify", level="restored")["trust"] == "restored"


def test_what_cannot_be_read_fails_or_makes_it_partial(sandbox: Sandbox) -> None:
    (sandbox.source / "secret").write_text("x")
    (sandbox.source / "secret").chmod(0)
    for path in (sandbox.configuration_file, sandbox.key):
        os.chown(path, 65534, 65534)
    kept = [str(path) for path in (sandbox.repository, sandbox.trust, sandbox.cache)]
    subprocess.run(["chown", "-R", "65534:65534", *kept], check=True)
    failed = sandbox.fail("backup", "DR-PRE", strategy="full", user="nobody")
    assert "secret" in failed["cause"]
    assert sandbox.ids() == []
    partial = sandbox.saying(unreadable="partial").succeed("backup", strategy="full", user="nobody")
    assert "secret" in partial["notes"][0]
    assert len(sandbox.ids()) == 1


def test_a_path_longer_than_the_kernel_takes_is_refused_by_name(sandbox: Sandbox) -> None:
    descriptor = os.open(sandbox.source, os.O_RDONLY)
    for _level in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    failed = sandbox.fail("backup", "DR-PRE", strategy="full")
    assert "File name too long" in failed["cause"]


@contextmanager
def another_disk(place: Path) -> Iterator[None]:
    """A file system of its own with a file in it."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0711", "tmpfs", str(place)], check=True)
    try:
        (place / "file").write_text("on another disk")
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("name", ["inside", "in $HOME\nand [more]*"], ids=["plain", "hostile"])
def test_a_file_system_inside_is_left_out_and_told_or_read_as_well(sandbox: Sandbox, name: str) -> None:
    inside = sandbox.source / name
    with another_disk(inside):
        told = sandbox.succeed("backup", strategy="full")
        assert repr(str(inside)) in told["notes"][0]
        whole = sandbox.saying(one_file_system=False).backup()
        assert whole["size_bytes"] > told["backup"]["size_bytes"]
        for record in (told["backup"], whole):
            scratch = str(sandbox.root / "scratch")
            sandbox.succeed("backup_verify", backup=record["id"], level="restored", scratch_directory=scratch)


def test_a_backup_that_had_to_wait_for_the_repository_leaves_out_the_same(sandbox: Sandbox) -> None:
    sandbox.write_settings(lock_seconds=30)
    attempts: set[int] = set()
    with another_disk(sandbox.source / "inside"):
        with held_repository(sandbox):
            taking = sandbox.begin("backup", strategy="full")

            def turned_away() -> bool:
                attempts.update(each for each in children(taking.pid) if b"backup" in words_of(each))
                return len(attempts) > 1

            wait_until("it has tried again", turned_away, seconds=20)
        stdout, _stderr = taking.communicate(timeout=40)
    taken = json.loads(stdout)["backup"]
    assert taken["size_bytes"] == sum(each.stat().st_size for each in sandbox.source.rglob("*") if each.is_file())


def test_the_jobs_of_restic_are_its_connections(shop: Sandbox) -> None:
    varied = shop.variation("connections")
    varied.succeed("backup", strategy="full", jobs=1)
    # None at all is what restic itself refuses.
    assert "capacity must be a positive number" in varied.fail("backup", "DR-TOOL", strategy="full", jobs=0)["cause"]
