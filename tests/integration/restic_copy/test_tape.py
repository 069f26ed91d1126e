# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tape is a way back: what restic keeps goes to one, is lost, comes back from it, and is restored."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.restic_copy.kept import Kept, write_papers
from tests.integration.servers.module_run import run_module
from tests.integration.servers.tape_changer import FileChanger, file_changer


@dataclass(frozen=True)
class Library:
    """Papers that were backed up, and a changer."""

    kept: Kept
    papers: Path
    changer: FileChanger

    def tape(self, slot: int = 2) -> dict[str, Any]:
        return {"name": "cellar", "number": 9, "tape": self.changer.options(slot)}

    def options(self, **more: Any) -> dict[str, Any]:
        return {
            "engine": {"files": {"stanza": "papers", "paths": [str(self.papers)]}},
            "repository": {"name": self.kept.name, "number": 1, "filesystem": {"path": str(self.kept.place)}},
            "configuration_file": str(self.kept.configuration_file),
            "trust_directory": str(self.kept.root / "trust"),
            "deadline": 60,
            **more,
        }

    def succeed(self, module: str, *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
        result = run_module(module, self.options(**more), check_mode=check_mode)
        assert not result.get("failed"), result
        return result

    def out(self, slot: int = 2, **more: Any) -> dict[str, Any]:
        return self.succeed("backup_copy", target=self.tape(slot), **more)

    def back(self, *, is_to_fail_with: str = "", slot: int = 2, check_mode: bool = False) -> dict[str, Any]:
        asked = self.options(repository=self.tape(slot), target=self.options()["repository"])
        result = run_module("backup_copy", asked, check_mode=check_mode)
        assert result.get("error_code", "") == is_to_fail_with, result
        return result


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    if os.geteuid() != 0:
        pytest.skip("files are backed up as root")
    kept = Kept(tmp_path, "vault").create("one example passphrase")
    made = Library(kept, write_papers(tmp_path / "papers", 1, 3), file_changer(tmp_path / "changer", monkeypatch))
    made.succeed("backup", strategy="full")
    return made


def test_a_lost_repository_comes_back_from_its_tape_and_is_restored(library: Library, tmp_path: Path) -> None:
    taken = [each["id"] for each in library.succeed("backup_info")["backups"]]
    tape = library.out()["tape"]
    shutil.rmtree(library.kept.place)
    # All that a bare host has is the tape and the key.
    shutil.rmtree(library.changer.root / "rows")
    assert library.back(check_mode=True)["changed"] is True and not library.kept.place.exists()
    back = library.back()
    assert (back["changed"], back["tape"]["id"]) == (True, tape["id"])
    assert library.back()["changed"] is False
    assert [each["id"] for each in library.succeed("backup_info")["backups"]] == taken
    assert library.succeed("backup_verify", level="checked")["trust"] == "checked"
    library.succeed("restore", mode="beside", directory=str(tmp_path / "restored"))
    subprocess.run(["diff", "-r", str(library.papers), f"{tmp_path}/restored{library.papers}"], check=True)


def test_a_changer_puts_the_tape_into_the_drive_and_is_left_as_it_was_found(library: Library) -> None:
    changer = library.changer
    library.out()
    assert changer.moves() == ["load 2 0", "unload 2 0"]
    assert changer.tape(2).stat().st_size > 0 and changer.tape(1).stat().st_size == 0 and not changer.drive.exists()
    subprocess.run(["mtx", "-f", str(changer.device), "load", "2", "0"], check=True, capture_output=True)
    changer.moves()
    # A tape that was in the drive stays there.
    assert library.out()["changed"] is False
    assert changer.moves() == [] and changer.drive.exists()
    assert "the drive holds the tape of slot 2" in refused(library, 1)["msg"]
    assert changer.moves() == [] and changer.drive.exists()


def refused(library: Library, slot: int | None) -> dict[str, Any]:
    tape = library.tape()
    tape["tape"]["slot"] = slot
    result = run_module("backup_copy", library.options(target=tape))
    assert result.get("failed"), result
    return result


def test_what_a_changer_cannot_do_is_said_and_nothing_is_written(library: Library) -> None:
    changer = library.changer
    assert "it is empty, full are [1, 2]" in refused(library, 3)["msg"]
    assert "there is no such slot, full are [1, 2]" in refused(library, 7)["msg"]
    assert (refused(library, None)["error_code"], changer.moves()) == ("DR-INPUT", [])
    changer.break_down("load")
    assert "Medium removal prevented" in refused(library, 2)["msg"]
    assert [changer.tape(slot).stat().st_size for slot in (1, 2)] == [0, 0]
    changer.break_down()
    library.out()
    changer.break_down("unload")
    (library.kept.place / "config").unlink()
    failed = refused(library, 2)
    # The first error is told, and that the tape is still in the drive stands beside it.
    assert "Medium removal prevented" not in failed["msg"] and "Medium removal" in failed["recovery"]["changer"]


def test_an_error_amid_the_work_puts_the_tape_away(library: Library) -> None:
    library.out()
    (library.kept.place / "stray").write_text("of another day")
    library.changer.moves()
    failed = run_module("backup_copy", library.options(target=library.tape()))
    assert (failed["error_code"], library.changer.moves()) == ("DR-PRE", ["load 2 0", "unload 2 0"])


@pytest.mark.parametrize("place", ["config", "manifest"])
def test_a_damaged_tape_is_refused_and_leaves_nothing_behind(library: Library, place: str) -> None:
    library.out()
    content = library.changer.tape(2).read_bytes()
    wanted = (library.kept.place / "config").read_bytes() if place == "config" else b"  ./config\n"
    at = content.index(wanted) + 2
    library.changer.tape(2).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    shutil.rmtree(library.kept.place)
    library.back(is_to_fail_with="DR-INT")
    assert [each.name for each in library.kept.root.iterdir() if each.name.startswith("vault.from")] == []
    assert not library.kept.place.exists()
    # Nor is a blank one taken for a repository that is empty.
    library.back(is_to_fail_with="DR-INT", slot=1)
    assert not library.kept.place.exists()


def test_what_else_is_in_the_place_is_never_touched(library: Library) -> None:
    library.out()
    library.succeed("backup", strategy="incremental")
    before = sorted(library.kept.place.rglob("*"))
    assert "move what is there aside" in library.back(is_to_fail_with="DR-PRE")["next_action"]
    assert sorted(library.kept.place.rglob("*")) == before


def test_what_comes_back_has_the_owner_of_the_empty_place_that_waits_for_it(library: Library) -> None:
    library.out()
    shutil.rmtree(library.kept.place)
    library.kept.place.mkdir(mode=0o750)
    os.chown(library.kept.place, 65534, 65534)
    library.back()
    found = [library.kept.place, *library.kept.place.rglob("*")]
    assert {each.stat().st_uid for each in found} == {65534}
    assert library.kept.place.stat().st_mode & 0o777 == 0o750
