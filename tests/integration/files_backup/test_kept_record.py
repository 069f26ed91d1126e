# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the newest backup is kept by the host that took it; only a proof still reads the repository's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.integration.files_backup.sandbox import Sandbox


def kept(sandbox: Sandbox) -> Path:
    return next(sandbox.cache.glob("*.record"))


def claim_another_path(sandbox: Sandbox) -> None:
    """From here on the kept record names a path that no backup holds, and is sound in itself."""
    head, _newline, text = kept(sandbox).read_text().partition("\n")
    content = json.loads(text)
    settings = str(sandbox.source / "settings.conf")
    content["manifest"][f"{settings}.old"] = content["manifest"][settings]
    text = json.dumps(content)
    kept(sandbox).write_text(f"{head.split()[0]} {hashlib.sha256(text.encode()).hexdigest()}\n{text}")


def test_the_host_that_took_a_backup_restores_it_by_the_kept_record(sandbox: Sandbox) -> None:
    sandbox.backup()
    claim_another_path(sandbox)
    error = sandbox.fail("restore", "DR-INT", mode="beside", directory=str(sandbox.root / "beside"))
    assert "settings.conf.old' is missing" in error["msg"]


def test_a_proof_reads_the_record_from_the_repository(sandbox: Sandbox) -> None:
    sandbox.backup()
    claim_another_path(sandbox)
    proven = sandbox.succeed("backup_verify", level="restored", scratch_directory=str(sandbox.root / "scratch"))
    assert [each["trust"]["level"] for each in proven["backups"]] == ["restored"]


@pytest.mark.parametrize("what_became_of_it", ["damaged", "lost", "binary"])
def test_a_kept_record_that_is_not_whole_is_not_believed(sandbox: Sandbox, what_became_of_it: str) -> None:
    sandbox.backup()
    if what_became_of_it == "damaged":
        kept(sandbox).write_text(kept(sandbox).read_text().replace("settings.conf", "settings.cont"))
    elif what_became_of_it == "binary":
        kept(sandbox).write_bytes(b"\xff\xfe")
    else:
        kept(sandbox).unlink()
    copy, _result = sandbox.restore_beside("beside")
    assert (copy / "settings.conf").read_text() == "port = 80\n"


def test_an_older_backup_is_restored_by_its_own_record(sandbox: Sandbox) -> None:
    older = sandbox.backup()["id"]
    (sandbox.source / "settings.conf").unlink()
    sandbox.backup()
    claimed, _result = sandbox.restore_beside("older", backup=older)
    assert (claimed / "settings.conf").exists()
    newer, _result = sandbox.restore_beside("newer")
    assert not (newer / "settings.conf").exists()
    assert kept(sandbox).stat().st_mode & 0o777 == 0o600
