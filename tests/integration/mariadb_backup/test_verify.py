# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifying backups with the real MariaDB and restic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.mariadb_backup.sandbox import Story

COUNT = {"name": "there are products", "query": "SELECT COUNT(*) FROM product", "expect": "20002"}


def test_a_verification_climbs_to_the_level_that_is_asked_for(story: Story) -> None:
    sandbox = story.sandbox.variation("climb", is_copied=False)
    scratch = sandbox.root / "scratch"
    given: dict[str, Any] = {"backup": story.incremental["id"], "scratch_directory": str(scratch)}
    result = sandbox.succeed("backup_verify", level="verified", checks=[COUNT], **given)
    evidence = result["backup"]["trust"]["evidence"]
    assert result["trust"] == "verified" and result["changed"] is True
    assert evidence["checked"]["packs_read"] > 0 and evidence["restored"]["checks"][0]["observed"] == "20002"
    assert evidence["checked"]["damaged_log_files"] == []
    assert "tables are consistent" in evidence["restored"]["structure"]
    assert "with the right checksum" in evidence["restored"]["pages"]
    assert evidence["restored"]["reached"]["log_position"] == story.incremental["log_position"]
    assert list(scratch.iterdir()) == []
    again = sandbox.succeed("backup_verify", level="verified", checks=[COUNT], unless_proven=True, **given)
    assert again["changed"] is False


def test_a_corrupted_repository_is_found_and_never_put_in_place(story: Story) -> None:
    damaged = story.sandbox.variation("corrupt")
    biggest = max(
        (damaged.repository / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0
    )
    flip_bits(biggest)
    directory = damaged.root / "damaged"
    error = damaged.fail("restore", "DR-INT", directory=str(directory), run_id="r1", target={"type": "immediate"})
    assert error["data_state"] == "partial_quarantined" and not directory.exists()
    damaged.fail("backup_verify", "DR-INT", backup=story.full["id"])
    listed = {each["id"]: each for each in damaged.succeed("backup_info")["backups"]}
    assert listed[story.full["id"]]["errors"] and listed[story.full["id"]]["trust"]["level"] == "taken"
    planned = damaged.succeed("backup", strategy="incremental", check=True)
    assert planned["changed"] is True


def flip_bits(file: Path) -> None:
    file.chmod(0o600)
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 0xFF]))
