# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository that runs full, two at once, a lock of the dead: former backups stay, and nothing half is one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import replace
from typing import Any

from tests.integration.kills import held_up
from tests.integration.mariadb_backup.sandbox import Sandbox, Story, as_mysql
from tests.integration.servers.process import wait_until


def test_a_repository_that_runs_full_in_the_middle_keeps_what_it_had(story: Story) -> None:
    place = story.sandbox.root / "small"
    place.mkdir()
    used = subprocess.run(["du", "-sk", story.sandbox.repository], check=True, capture_output=True, text=True).stdout
    # Half of what the backup adds, and a name of its own: nothing tells beforehand how much it will be.
    size = f"size={int(used.split()[0]) + 3072}k,mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=True)
    try:
        small = replace(
            story.sandbox, repository=place / "repository", settings=story.sandbox.root / "restic-small.env"
        )
        as_mysql("cp", "-a", str(story.sandbox.repository), str(small.repository))
        small.write_settings()
        before = small.succeed("backup_info")["backups"]
        # What is stored already takes no room a second time.
        small.sql("CREATE TABLE noise (id int PRIMARY KEY, text blob)")
        small.sql("INSERT INTO noise SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_6000")
        engine = {"mariadb": {**small.options["engine"]["mariadb"], "stanza": "half"}}
        error = small.fail("backup", "DR-SPACE", strategy="full", engine=engine)
        assert "no space left" in error["msg"] and os.listdir(small.repository / "locks") == []
        after = small.succeed("backup_info")["backups"]
        assert [(each["id"], each["errors"]) for each in after] == [(each["id"], each["errors"]) for each in before]
        assert small.succeed("backup_verify", backups=[story.full["id"]])["trust"] == "checked"
    finally:
        small.sql("DROP TABLE IF EXISTS noise")
        subprocess.run(["umount", str(place)], check=True)


SLOW = """#!/bin/sh
[ "$2" = --version ] || while [ ! -e {go} ]; do sleep 0.05; done
exec /usr/bin/mariadb-backup "$@"
"""


def test_of_two_backups_at_once_the_second_is_refused(story: Story) -> None:
    sandbox = story.sandbox.variation("twice")
    programs, go = sandbox.root / "slow", sandbox.root / "go"
    programs.mkdir()
    (programs / "mariadb-backup").write_text(SLOW.format(go=go))
    (programs / "mariadb-backup").chmod(0o755)
    first = replace(sandbox, path=f"{programs}:{sandbox.path}").begin("backup", strategy="full")
    wait_until("it has begun", lambda: bool(sandbox.succeed("backup_info")["backup_running"]), seconds=30)
    assert sandbox.fail("backup", "DR-LOCK", strategy="full")["data_state"] == "untouched"
    policy = {"keep_last": 1, "minimum_proven": 0}
    assert "is running" in sandbox.fail("backup_retention", "DR-LOCK", policy=policy)["msg"]
    go.touch()
    said, _errors = first.communicate(timeout=60)
    taken: dict[str, Any] = json.loads(said.splitlines()[-1])
    whole = [each["id"] for each in sandbox.succeed("backup_info")["backups"] if not each["errors"]]
    assert len(whole) == 4 and taken["backup"]["id"] in whole


def test_the_lock_of_a_living_process_is_respected_and_a_broken_backup_leaves_none(
    story: Story,
) -> None:
    sandbox = story.sandbox.variation("locked")
    with sandbox.settings.open("a") as settings:
        settings.write("RECOVERY_RESTIC_LOCK_SECONDS=1\n")
    before = [(each["id"], each["errors"]) for each in sandbox.succeed("backup_info")["backups"]]
    writing = sandbox.begin("backup", strategy="full")
    with held_up(writing, "backup", once=lambda: locks(sandbox) != []) as tool:
        error = sandbox.fail("backup_verify", "DR-LOCK", level="checked")
        assert str(tool) in error["msg"] and len(locks(sandbox)) == 1
        os.kill(tool, signal.SIGKILL)
    assert json.loads(writing.communicate(timeout=60)[0].splitlines()[-1])["failed"] is True
    assert locks(sandbox) == []
    assert sandbox.succeed("backup_verify", level="checked")["trust"] == "checked"
    assert [(each["id"], each["errors"]) for each in sandbox.succeed("backup_info")["backups"]] == before


def test_the_lock_of_a_dead_one_that_wanted_to_be_alone_holds_up_no_backup(story: Story) -> None:
    sandbox = story.sandbox.variation("alone")
    checking = sandbox.begin("backup_verify", level="checked")
    with held_up(checking, "check", once=lambda: locks(sandbox) != []) as tool:
        os.kill(tool, signal.SIGKILL)
    assert json.loads(checking.communicate(timeout=60)[0].splitlines()[-1])["failed"] is True
    assert len(locks(sandbox)) == 1
    assert sandbox.succeed("backup", strategy="full")["backup"]["errors"] == []
    assert locks(sandbox) == []


def locks(sandbox: Sandbox) -> list[str]:
    return [path.name for path in (sandbox.repository / "locks").iterdir() if "-tmp-" not in path.name]
