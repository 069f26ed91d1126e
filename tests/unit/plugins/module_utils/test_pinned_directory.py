# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory stays what it was when it was held, whatever is put under its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._live_path import LivePath
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import (
    PinnedDirectory,
    named,
    pinned,
)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[PinnedDirectory]:
    (tmp_path / "home").mkdir()
    (tmp_path / "victim").mkdir(mode=0o755)
    with pinned(tmp_path / "home", "hold it") as found:
        yield found


def put_elsewhere(directory: Path, victim: Path) -> None:
    directory.rename(directory.with_name("moved"))
    directory.symlink_to(victim)


def test_what_is_held_is_written_to_under_any_name(held: PinnedDirectory, tmp_path: Path) -> None:
    put_elsewhere(tmp_path / "home", tmp_path / "victim")
    (held.place / "text").write_text("x")
    assert os.listdir(tmp_path / "moved") == ["text"] and os.listdir(tmp_path / "victim") == []
    assert named(held.place) == tmp_path / "moved"
    with pytest.raises(PreconditionError, match="leads there by a link"):
        held.require_led_to("write there")
    held.empty()
    assert os.listdir(tmp_path / "moved") == []


def test_no_name_on_the_way_may_be_a_link(held: PinnedDirectory, tmp_path: Path) -> None:
    held.require_led_to("write there")
    (tmp_path / "victim" / "deep").mkdir()
    put_elsewhere(tmp_path / "home", tmp_path / "victim")
    with pytest.raises(PreconditionError), pinned(tmp_path / "home" / "deep", "hold it"):
        pass
    (held.place / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="Not a directory"), held.below(Path("link/deep")):
        pass


def test_what_was_just_made_must_be_empty_and_ours(held: PinnedDirectory, tmp_path: Path) -> None:
    with held.made("new") as made:
        made.require_ours("use it")
        (made.place / "text").write_text("somebody's")
        with pytest.raises(PreconditionError, match="is something else now"):
            made.require_ours("use it")
    (tmp_path / "home" / "open").mkdir(mode=0o755)
    with held.below(Path("open")) as entered, pytest.raises(PreconditionError):
        entered.require_ours("use it")


def test_only_where_nobody_else_may_rename_a_name_says_what_it_is(held: PinnedDirectory, tmp_path: Path) -> None:
    found = []
    for mode in (0o755, 0o775, 0o757, 0o1777):
        (tmp_path / "home").chmod(mode)
        found.append(held.is_ours_alone)
    assert found == [True, False, False, True]


@pytest.mark.parametrize("put", ["a link", "a directory"])
def test_a_missing_directory_that_is_swapped_when_it_was_made_gets_no_owner_and_no_mode(
    held: PinnedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: str
) -> None:
    live, victim = LivePath(tmp_path / "home" / "new" / "data", "r1"), tmp_path / "victim"
    model = Path(f"{tmp_path}/tree{live.path}")
    model.mkdir(parents=True)
    model.parent.chmod(0o777)
    make = os.mkdir

    def swapping(name: str, mode: int, *, dir_fd: int) -> None:
        make(name, mode, dir_fd=dir_fd)
        (tmp_path / "home" / name).rename(tmp_path / "home" / "moved")
        if put == "a link":
            (tmp_path / "home" / name).symlink_to(victim)
        else:
            victim.rename(tmp_path / "home" / name)

    monkeypatch.setattr(os, "mkdir", swapping)
    with pinned(tmp_path / "tree", "hold it") as tree, live.above() as above:
        pytest.raises((PreconditionError, NotADirectoryError), live.put_in_place, tree, above)
    [kept] = [each for each in (victim, tmp_path / "home" / "new") if each.is_dir() and not each.is_symlink()]
    assert kept.stat().st_mode & 0o777 == 0o755 and os.listdir(kept) == []
    assert model.is_dir()
