# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever breaks, what was there stays usable, no lock stays in the way, and nothing half becomes a backup."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.files_backup.sandbox import PASSPHRASE, STANZA, Sandbox, flip_bits, write_random
from tests.integration.kills import words_of

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_keeping import FilesKeeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import data_tags
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    list_snapshots,
    store_stream,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import children
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.filesystem import (
    FilesystemRepository,
)

WAIT = {"next_action": "Look at the test"}


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
    assert len(sandbox.ids()) == 2


def child_storing(module: int, part: str) -> int | None:
    """The restic of this module that stores the data, or the one that stores the record."""
    for child in Path(f"/proc/{module}/task/{module}/children").read_text().split():
        if f"part={part}".encode() in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
            return int(child)
    return None


def kill_the_restic_for(sandbox: Sandbox, part: str) -> str:
    """What the module says whose restic for the data or for the record is killed while it writes."""
    write_random(sandbox.source / "big", 40_000_000, seed=5)
    module = sandbox.begin("backup", strategy="full")
    Deadline(20).wait_until("see both hold it", sandbox.locks, lambda seen: len(seen) == 2, every_seconds=0.01, **WAIT)
    child = child_storing(module.pid, part)
    assert child is not None
    os.kill(child, signal.SIGKILL)
    stdout, _stderr = module.communicate(timeout=30)
    (sandbox.source / "big").unlink()
    return stdout


def test_a_killed_restic_leaves_what_was_there_and_no_lock(sandbox: Sandbox) -> None:
    good = sandbox.backup()
    assert '"failed": true' in kill_the_restic_for(sandbox, "data")
    assert sandbox.locks() == []
    assert sandbox.ids() == [good["id"]]
    assert sandbox.succeed("backup_verify", level="checked")["trust"] == "checked"


def test_a_record_whose_restic_is_killed_is_stored_by_another(sandbox: Sandbox) -> None:
    good = sandbox.backup()
    taken = json.loads(kill_the_restic_for(sandbox, "record"))["backup"]
    assert len(sandbox.locks()) == 1
    assert sandbox.ids() == [good["id"], taken["id"]]
    # Reading everything needs the repository for itself: the lock of the dead is taken away, and nobody else's.
    assert sandbox.succeed("backup_verify", level="checked")["trust"] == "checked"
    assert sandbox.locks() == []


def test_the_lock_of_a_living_process_is_respected(shop: Sandbox) -> None:
    busy = shop.variation("locked")
    source = f"restic --repo {busy.repository} --password-file {busy.key} --no-cache backup --stdin"
    holder = subprocess.Popen(source.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        Deadline(10).wait_until("see the lock", busy.locks, bool, every_seconds=0.05, **WAIT)
        assert busy.ids() == shop.ids()
        failed = busy.fail("backup_verify", "DR-LOCK", level="checked")
        assert str(holder.pid) in failed["cause"]
        assert len(busy.locks()) == 1
    finally:
        holder.communicate()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["has ended", "is killed"])
def test_a_repository_is_waited_for_until_who_holds_it(shop: Sandbox, end: signal.Signals) -> None:
    busy = shop.variation(f"held-{end.name}")
    busy.write_settings(lock_seconds=30)
    source = f"restic --repo {busy.repository} --password-file {busy.key} --no-cache backup --stdin"
    holder = subprocess.Popen(source.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    Deadline(10).wait_until("see the lock", busy.locks, bool, every_seconds=0.05, **WAIT)
    verifying = busy.begin("backup_verify", level="checked")
    turned_away: set[int] = set()

    def checks() -> set[int]:
        """Each check that was begun: before a second one the first has seen that the holder lives."""
        begun = children(verifying.pid)
        turned_away.update(each for each in begun if b"check" in words_of(each))
        return turned_away

    Deadline(20).wait_until("see it look twice", checks, lambda seen: len(seen) > 1, every_seconds=0.01, **WAIT)
    if end == signal.SIGKILL:
        holder.kill()
    holder.communicate()
    stdout, _stderr = verifying.communicate(timeout=40)
    assert json.loads(stdout)["trust"] == "checked"
    assert busy.locks() == []


def test_the_lock_of_a_dead_process_goes_when_its_parent_has_collected_it(shop: Sandbox) -> None:
    busy = shop.variation("uncollected")
    busy.write_settings(lock_seconds=30)
    source = f"restic --repo {busy.repository} --password-file {busy.key} --no-cache backup --stdin"
    holder = subprocess.Popen(source.split(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    Deadline(10).wait_until("see the lock", busy.locks, bool, every_seconds=0.05, **WAIT)
    holder.kill()
    verifying = busy.begin("backup_verify", level="checked")
    seen: list[bytes] = []

    def words() -> list[bytes]:
        """What it runs, one after the other."""
        now = next((words_of(each)[1] for each in children(verifying.pid) if len(words_of(each)) > 1), b"")
        seen.extend([now] if now and now not in seen[-1:] else [])
        return seen

    in_vain = [b"unlock", b"check"]
    Deadline(20).wait_until(
        "see it unlock in vain", words, lambda said: said[-2:] == in_vain, every_seconds=0.01, **WAIT
    )
    holder.communicate()
    stdout, _stderr = verifying.communicate(timeout=40)
    assert json.loads(stdout)["trust"] == "checked"
    assert busy.locks() == []


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
        assert sandbox.ids() == [good["id"]]
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
    first = damaged.ids()[0]
    write_random(damaged.source / "only in the second", 400_000, seed=9)
    try:
        second = damaged.backup("incremental")["id"]
        flip_bits(next(path for path in damaged.packs() if path.stat().st_size > 390_000))
        damaged.fail("backup_verify", "DR-INT", backup=second, level="checked")
        assert damaged.succeed("backup_verify", backup=first, level="checked")["trust"] == "checked"
        # restic stores nothing twice, so the file that it believes to have would be damaged in the next one as well.
        leaning = damaged.fail("backup", "DR-INT", strategy="incremental")
        assert "Pack ID does not match" in leaning["cause"]
        assert damaged.ids() == [first]
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
    assert sandbox.ids() == [good["id"]]
    sandbox.fail("restore", "DR-REPO", directory=str(sandbox.root / "x"), backup=listed["backups"][1]["id"])
    assert sandbox.backup("incremental")["parent"] == good["id"]


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


def test_of_two_retentions_at_once_both_end_well_or_one_is_refused(sandbox: Sandbox) -> None:
    names = [sandbox.backup(strategy)["id"] for strategy in ("full", "full", "incremental")]
    policy = {"keep_last": 1, "minimum_proven": 0}
    both = [sandbox.begin("backup_retention", policy=policy) for _time in range(2)]
    ended = [json.loads(each.communicate(timeout=60)[0]) for each in both]
    assert any(not each.get("failed") for each in ended)
    assert {each["error_code"] for each in ended if each.get("failed")} <= {"DR-LOCK"}
    assert sandbox.succeed("backup_retention", policy=policy)["removed"] == []
    assert sandbox.ids() == names[2:]
    assert sandbox.succeed("backup_verify", level="checked")["trust"] == "checked"
    assert sandbox.locks() == []


def test_nothing_is_removed_while_a_backup_is_taken(sandbox: Sandbox) -> None:
    names = [sandbox.backup()["id"], sandbox.backup()["id"]]
    keeper = FilesKeeper(
        "files",
        STANZA,
        FilesystemRepository("local", 1, {"path": str(sandbox.repository)}, is_to_be_encrypted=True),
        str(sandbox.configuration_file),
        Deadline(30),
    )
    gone = keeper.listing().records[:1]
    with keeper.alone("incremental"), pytest.raises(LeaseError):
        keeper.forget(gone)
    assert sandbox.ids() == names
