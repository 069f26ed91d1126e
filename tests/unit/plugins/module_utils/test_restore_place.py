# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories of a restore change places by name, and are never mistaken for one another."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils import _restore_place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "main", "r1")
    place.directory.mkdir()
    (place.directory / "old").touch()
    place.stage()
    (place.staged / "new").touch()
    return place


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_the_old_data_is_kept_under_the_runs_name(place: Place) -> None:
    assert place.put_in_place(keep=True) == place.kept
    assert names(place.directory) == ["new"] and names(place.kept) == ["old"]


def test_the_old_data_stays_when_the_new_data_cannot_take_its_place(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_one: Path, _other: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(_restore_place, "exchange", refuse)
    with pytest.raises(ToolError, match="not by an image"):
        place.put_in_place(keep=True)
    assert names(place.directory) == ["old"] and names(place.staged) == ["new"] and not place.kept.exists()


def test_a_failed_swap_is_undone(place: Place) -> None:
    place.put_in_place(keep=True)
    place.put_back()
    assert names(place.directory) == ["old"] and names(place.quarantine) == ["new"]


def test_what_failed_is_set_apart_and_an_empty_leftover_disappears(place: Place) -> None:
    assert place.set_apart(place.staged) == place.quarantine
    place.stage()
    assert place.set_apart(place.staged) is None and not place.staged.exists()


def test_only_this_runs_own_leftover_is_cleaned(place: Place) -> None:
    other = Place(place.directory, "r2")
    other.stage()
    assert names(place.staged) == ["new"] and other.left_over == [str(place.staged)]
    place.stage()
    assert names(place.staged) == []


def test_a_marker_counts_for_the_directory_that_it_was_written_for(place: Place) -> None:
    place.write_marker({"is_in_place": False})
    assert place.read_marker() is not None
    place.put_in_place(keep=True)
    assert place.read_marker() is None


@pytest.mark.parametrize("path", ["/", "relative/path"])
def test_a_path_that_is_not_its_own_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        Place(Path(path), "r1").require_usable()


def test_a_copy_whose_restore_was_killed_is_known_as_abandoned_until_somebody_works_there(place: Place) -> None:
    place.put_in_place(keep=False)
    place.mark_unproven()
    assert place.is_abandoned and place.abandoned == [place.directory]
    with held(place.directory, "restore"):
        assert not place.is_abandoned and place.abandoned == []
    place.write_marker({"identity": {"run_id": "r1"}, "is_in_place": False})
    assert not place.is_abandoned


def link_tablespace(data: Path, tablespaces: Path) -> None:
    (tablespaces / "far").mkdir(parents=True)
    (data / "pg_tblspc").mkdir(exist_ok=True)
    (data / "pg_tblspc" / "16385").symlink_to(tablespaces / "far")


def test_what_failed_takes_its_tablespaces_along_and_the_former_ones_stay(place: Place, tmp_path: Path) -> None:
    link_tablespace(place.directory, tmp_path / "elsewhere")
    link_tablespace(place.staged, place.tablespaces)
    place.put_in_place(keep=True)
    assert place.tablespaces_of(place.directory) == {place.tablespaces} and "elsewhere" not in place.notes[0]
    place.put_back()
    assert names(tmp_path) == ["elsewhere", "main", "main.quarantine-r1", "main.quarantine-r1.tablespaces"]


def test_former_data_goes_with_the_tablespaces_that_were_made_for_it_and_no_others(
    place: Place, tmp_path: Path
) -> None:
    former = Place(place.directory, "r0")
    link_tablespace(place.directory, former.tablespaces)
    (tmp_path / "elsewhere" / "far").mkdir(parents=True)
    (place.directory / "pg_tblspc" / "16386").symlink_to(tmp_path / "elsewhere" / "far")
    place.put_in_place(keep=True)
    place.drop_kept(place.kept)
    assert names(tmp_path) == ["elsewhere", "main"]


def test_a_link_and_tablespaces_of_somebody_else_are_refused(place: Place, tmp_path: Path) -> None:
    place.staged.joinpath("new").unlink()
    place.staged.rmdir()
    place.tablespaces.mkdir()
    with pytest.raises(PreconditionError, match="is there already"):
        place.require_usable()
    (tmp_path / "link").symlink_to(place.directory)
    with pytest.raises(PreconditionError, match="a link to"):
        Place(tmp_path / "link", "r1").require_usable()
