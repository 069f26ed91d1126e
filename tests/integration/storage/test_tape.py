# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restic repository goes to a tape, a file in its place, and comes back as a repository that opens."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.integration.storage.conftest import MakePlace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.tape import TapeRepository


def test_a_repository_is_brought_back_from_a_tape(make_place: MakePlace, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("what matters")
    place = make_place(filesystem={"path": str(tmp_path / "repository")})
    place.succeed_by_hand("init")
    place.succeed_by_hand("backup", "--quiet", str(tmp_path / "text"))
    options = {"device": str(tmp_path / "tape"), "catalogue_directory": str(tmp_path / "rows")}
    tape = open_repository(read_entry("cellar", {"number": 9, "tape": options}))
    assert isinstance(tape, TapeRepository)
    drive = tape.open_drive(Deadline(60))
    drive.read_back(drive.write(tmp_path / "repository"))
    shutil.rmtree(tmp_path / "repository")
    (tmp_path / "back").mkdir()
    drive.read_into(tmp_path / "back")
    back = replace(place, entry={**place.entry, "filesystem": {"path": str(tmp_path / "back")}})
    back.write()
    assert back.succeed_by_hand("dump", "latest", str(tmp_path / "text")) == "what matters"
