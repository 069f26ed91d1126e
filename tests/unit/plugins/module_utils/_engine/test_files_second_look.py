# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The second look tells every change of the source, whichever of its processes comes by, and is short where none is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import _files_second_look
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Manifest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_second_look import (
    Share,
    changes_since,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk, state_of

PROCESSES = 3


@pytest.fixture(autouse=True)
def _many_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files_second_look, "ENTRIES_OF_A_PROCESS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(PROCESSES)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for directory in "abcdef":
        (tmp_path / directory).mkdir()
        for number in range(3):
            (tmp_path / directory / f"{number}").write_text("x")
    return tmp_path


def seen(walk: Walk, *roots: Path) -> Manifest:
    found = Manifest()
    walk.look([str(each) for each in roots], found)
    return found


def look_again_at(directory: Path, first: Manifest) -> None:
    """Only what is in it is asked for from here on: not that it has changed itself."""
    first.state[str(directory)] = state_of(os.lstat(directory))


@dataclass(frozen=True)
class ShortWalk(Walk):
    """One that cannot be asked for every state anew."""

    def state(self, roots: list[str]) -> dict[str, tuple[int, ...]]:
        raise AssertionError("it looked at everything anew")


def test_where_nothing_changed_nothing_is_looked_for(root: Path) -> None:
    walk = ShortWalk(is_excluded=lambda path: path.endswith("/2"))
    first = seen(walk, root, root / "a", root / "b" / "2")
    assert changes_since(walk, [str(root), str(root / "a"), str(root / "b" / "2")], first) == {}


def rewrite(path: Path) -> None:
    path.write_text("y")


def replace_by_itself(path: Path) -> None:
    beside = path.with_name("beside")
    beside.write_text("x")
    beside.rename(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "changed": rewrite,
    "vanished": Path.unlink,
    "appeared": lambda path: path.with_name("new").write_text(""),
}


@pytest.mark.parametrize("directory", ["a", "b", "c", "d", "e", "f"])
@pytest.mark.parametrize("word", CHANGES)
def test_every_change_is_told_wherever_it_is(root: Path, directory: str, word: str) -> None:
    first = seen(Walk(), root)
    CHANGES[word](root / directory / "1")
    assert word in changes_since(Walk(), [str(root)], first).values()


def test_a_file_that_took_the_place_of_its_equal_has_changed(root: Path) -> None:
    first = seen(Walk(), root)
    replace_by_itself(root / "d" / "1")
    assert changes_since(Walk(), [str(root)], first)[str(root / "d" / "1")] == "changed"


def test_a_path_that_is_no_directory_is_looked_at_as_well(root: Path) -> None:
    single = root / "a" / "0"
    first = seen(Walk(), single)
    assert changes_since(ShortWalk(), [str(single)], first) == {}
    rewrite(single)
    assert changes_since(Walk(), [str(single)], first) == {str(single): "changed"}
    single.unlink()
    assert changes_since(Walk(), [str(single)], first) == {str(single): "vanished"}


def test_what_appears_where_it_is_excluded_is_no_change(root: Path) -> None:
    walk = ShortWalk(is_excluded=lambda path: path.endswith(".new"))
    first = seen(walk, root)
    (root / "a" / "0.new").touch()
    look_again_at(root / "a", first)
    assert changes_since(walk, [str(root)], first) == {}


def test_what_appears_is_told_though_its_directory_looks_as_before(root: Path) -> None:
    first = seen(Walk(), root)
    (root / "a" / "new").touch()
    look_again_at(root / "a", first)
    assert changes_since(Walk(), [str(root)], first) == {str(root / "a" / "new"): "appeared"}


def test_a_process_that_dies_is_taken_for_a_change_and_looked_after(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = seen(Walk(), root)
    judge = os.getpid()

    def count(*arguments: object) -> int:
        if os.getpid() != judge:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments)

    original: Callable[..., int] = _files_second_look.count_same
    monkeypatch.setattr(_files_second_look, "count_same", count)
    with pytest.raises(AssertionError, match="everything anew"):
        changes_since(ShortWalk(), [str(root)], first)
    assert changes_since(Walk(), [str(root)], first) == {}


def test_no_process_is_left_behind(root: Path) -> None:
    first = seen(Walk(), root)
    assert Share.begun(Walk(), [str(root / "a")], first.state).count() == 3
    (root / "b" / "0").unlink()
    changes_since(Walk(), [str(root)], first)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
