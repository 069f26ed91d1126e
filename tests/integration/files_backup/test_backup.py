# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of files are taken, listed and judged; what cannot become a backup is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import HOST, PASSPHRASE, Sandbox, flip_bits, write_random

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import data_tags
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    list_snapshots,
    store_stream,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError

WAIT = {"next_action": "Look at the test"}


def ids(sandbox: Sandbox) -> list[str]:
    return [each["id"] for each in sandbox.succeed("backup_info")["backups"] if not each["errors"]]


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
    before = ids(shop)
    would = shop.succeed("backup", strategy="full", check=True)
    assert would["changed"] and would["backup"] is None
    enough = shop.succeed("backup", strategy="full", unless_newer_than_seconds=3600)
    assert not enough["changed"] and enough["backup"]["id"] in before
    assert ids(shop) == before


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
    assert ids(sandbox) == []


def test_a_failing_release_is_said_and_gives_no_backup(sandbox: Sandbox) -> None:
    failed = sandbox.saying(hooks=held(sandbox, release="false")).fail("backup", "DR-TOOL", strategy="full")
    assert "may still be held still" in failed["next_action"]
    assert ids(sandbox) == []


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
    assert ids(sandbox) == [told["backup"]["id"]]
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
    assert ids(sandbox) == []
    partial = sandbox.saying(unreadable="partial").succeed("backup", strategy="full", user="nobody")
    assert "secret" in partial["notes"][0]
    assert len(ids(sandbox)) == 1


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


def test_two_at_once_is_one_and_a_refusal(sandbox: Sandbox) -> None:
    sandbox.backup()
    waiting = sandbox.saying(hooks={"quiesce": ["sleep", "3"], "release": []})
    first = waiting.begin("backup", strategy="full")
    Deadline(10).wait_until(
        "see it begin", lambda: sandbox.succeed("backup_info")["backup_running"], bool, every_seconds=0.05, **WAIT
    )
    refused = sandbox.fail("backup", "DR-LOCK", strategy="full")
    assert "running" in refused["cause"]
    first.communicate(timeout=30)
    assert first.returncode == 0
    assert len(ids(sandbox)) == 2


def test_a_killed_restic_leaves_what_was_there_and_no_lock_in_the_way(sandbox: Sandbox) -> None:
    good = sandbox.backup()
    write_random(sandbox.source / "big", 40_000_000, seed=5)
    module = sandbox.begin("backup", strategy="full")
    Deadline(20).wait_until("see it write", lambda: sandbox.locks(), bool, every_seconds=0.01, **WAIT)
    child = Path(f"/proc/{module.pid}/task/{module.pid}/children")
    os.kill(int(child.read_text().split()[0]), signal.SIGKILL)
    stdout, _stderr = module.communicate(timeout=30)
    assert '"failed": true' in stdout
    assert len(sandbox.locks()) == 1
    (sandbox.source / "big").unlink()
    assert ids(sandbox) == [good["id"]]
    # Reading everything needs the repository for itself: the lock of the dead is taken away, and nobody else's.
    assert sandbox.succeed("backup_verify", level="checked")["trust"] == "checked"
    assert sandbox.locks() == []


def test_the_lock_of_a_living_process_is_respected(shop: Sandbox) -> None:
    busy = shop.variation("locked")
    source = f"restic --repo {busy.repository} --password-file {busy.key} --no-cache backup --stdin"
    holder = subprocess.Popen(source.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        Deadline(10).wait_until("see the lock", busy.locks, bool, every_seconds=0.05, **WAIT)
        assert ids(busy) == ids(shop)
        failed = busy.fail("backup_verify", "DR-LOCK", level="checked")
        assert str(holder.pid) in failed["cause"]
        assert len(busy.locks()) == 1
    finally:
        holder.communicate()


def test_a_repository_that_runs_full_keeps_what_it_had(sandbox: Sandbox) -> None:
    small = sandbox.root / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], check=True)
    try:
        shutil.move(sandbox.repository, small / "repository")
        sandbox.repository.symlink_to(small / "repository")
        good = sandbox.backup()
        write_random(sandbox.source / "big", 6_000_000, seed=7)
        failed = sandbox.fail("backup", "DR-SPACE", strategy="incremental")
        assert "no space left" in failed["cause"]
        assert sandbox.locks() == []
        assert ids(sandbox) == [good["id"]]
        assert sandbox.succeed("backup_verify", backup=good["id"], level="checked")["trust"] == "checked"
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_wrong_or_empty_key_is_told_apart_from_a_missing_repository(shop: Sandbox) -> None:
    other = shop.variation("keys", passphrase="another passphrase")
    wrong = other.fail("backup_info", "DR-KEY")
    assert "wrong password" in wrong["cause"]
    other.key.write_text("\n")
    assert "empty" in other.fail("backup", "DR-KEY", strategy="full")["cause"]
    other.key.unlink()
    assert "cannot be read" in other.fail("backup_info", "DR-KEY")["cause"]
    other.write_settings()
    other.configuration_file.chmod(0o644)
    assert "others may read" in other.fail("backup_info", "DR-PRE")["cause"]


@pytest.mark.parametrize("how", ["emptied", "made anew", "replaced by an older copy"])
def test_a_repository_that_is_not_what_it_was_is_refused(shop: Sandbox, how: str) -> None:
    changed = shop.variation(how.replace(" ", "-"))
    older = [path.name for path in (changed.repository / "snapshots").rglob("*") if path.is_file()]
    changed.backup("incremental")
    if how == "replaced by an older copy":
        for path in (changed.repository / "snapshots").rglob("*"):
            if path.is_file() and path.name not in older:
                path.unlink()
    else:
        subprocess.run(["rm", "-r", str(changed.repository)], check=True)
        changed.repository.mkdir()
    if how == "made anew":
        changed.restic("init", "--quiet")
    failed = changed.fail("backup", "DR-REPO", strategy="full")
    assert ("emptied" in failed["cause"]) or ("emptied" in failed["next_action"])
    assert PASSPHRASE not in failed["msg"]


def test_a_damage_is_found_by_reading_and_no_new_backup_leans_on_it(shop: Sandbox) -> None:
    damaged = shop.variation("damaged")
    first = ids(damaged)[0]
    write_random(damaged.source / "only in the second", 400_000, seed=9)
    try:
        second = damaged.backup("incremental")["id"]
        flip_bits(next(path for path in damaged.packs() if path.stat().st_size > 390_000))
        damaged.fail("backup_verify", "DR-INT", backup=second, level="checked")
        assert damaged.succeed("backup_verify", backup=first, level="checked")["trust"] == "checked"
        # restic stores nothing twice, so the file that it believes to have would be damaged in the next one as well.
        leaning = damaged.fail("backup", "DR-INT", strategy="incremental")
        assert "Pack ID does not match" in leaning["cause"]
        assert ids(damaged) == [first]
    finally:
        (damaged.source / "only in the second").unlink()
    free = damaged.succeed("backup", strategy="incremental")
    assert (free["backup"]["strategy"], free["backup"]["trust"]["level"]) == ("full", "checked")
    assert "chain is broken" in free["notes"][0]


def test_a_killed_module_leaves_nothing_that_could_be_restored(sandbox: Sandbox) -> None:
    good = sandbox.backup()
    flag = sandbox.root / "held"
    module = sandbox.saying(hooks={"quiesce": ["sh", "-c", f"touch {flag}; sleep 60"]}).begin("backup", strategy="full")
    Deadline(10).wait_until("see it hold the application", flag.exists, bool, every_seconds=0.02, **WAIT)
    os.killpg(module.pid, signal.SIGKILL)
    module.communicate()
    orphan = sandbox.restic("backup", "--tag", "recovery,stanza=shop,engine=files,part=data,set=x", str(sandbox.source))
    assert "saved" in orphan
    listed = sandbox.succeed("backup_info")
    assert listed["backup_running"] is False
    assert [each["is_complete"] for each in listed["backups"]] == [True, False]
    assert ids(sandbox) == [good["id"]]
    sandbox.fail("restore", "DR-REPO", directory=str(sandbox.root / "x"), backup=listed["backups"][1]["id"])
    assert sandbox.backup("incremental")["parent"] == good["id"]


def test_a_file_system_inside_is_left_out_and_told_or_read_as_well(sandbox: Sandbox) -> None:
    inside = sandbox.source / "inside"
    inside.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0711", "tmpfs", str(inside)], check=True)
    try:
        (inside / "file").write_text("on another disk")
        told = sandbox.succeed("backup", strategy="full")
        assert str(inside) in told["notes"][0]
        whole = sandbox.saying(one_file_system=False).backup()
        assert whole["size_bytes"] > told["backup"]["size_bytes"]
        for record in (told["backup"], whole):
            scratch = str(sandbox.root / "scratch")
            sandbox.succeed("backup_verify", backup=record["id"], level="restored", scratch_directory=scratch)
    finally:
        subprocess.run(["umount", str(inside)], check=True)


def stored(sandbox: Sandbox, producer: str) -> int:
    """How many snapshots there are after a stream was stored, or was not."""

    def judge(finished: Finished) -> None:
        if finished.rc != 0 or "completed OK!" not in finished.stderr:
            raise ToolError("dump", cause=f"it ended with {finished.rc}", next_action="None")

    tool = Restic.of(str(sandbox.configuration_file), Deadline(30))
    tags = data_tags(stanza="dump", engine="files", strategy="full", set_id="x")
    with suppress(ToolError):
        store_stream(tool, "dump", ["sh", "-c", producer], file_name="dump.sql", tags=tags, judge=judge)
    return len(list_snapshots(tool, "look", "dump"))


def test_a_dump_whose_producer_dies_is_never_stored(sandbox: Sandbox) -> None:
    assert stored(sandbox, "seq 200000; kill -9 $$") == 0
    assert stored(sandbox, "seq 200000; exit 1") == 0
    assert stored(sandbox, "seq 200000") == 0
    assert sandbox.locks() == []
    assert stored(sandbox, "seq 200000; echo completed OK! >&2") == 1
