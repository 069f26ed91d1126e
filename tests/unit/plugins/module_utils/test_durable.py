# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two names change places, also where the file system cannot do it at once."""

from __future__ import annotations

import ctypes
import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils import _durable


def unable(number: int) -> SimpleNamespace:
    def renameat2(*_arguments: object) -> int:
        ctypes.set_errno(number)
        return -1

    return SimpleNamespace(renameat2=renameat2)


@pytest.mark.parametrize("is_able", [True, False])
def test_what_was_at_one_name_is_at_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_able: bool) -> None:
    if not is_able:
        monkeypatch.setattr(_durable, "LIBC", unable(errno.EINVAL))
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    (one / "inside").touch()
    two.write_text("a file")
    _durable.exchange(one, two)
    assert one.read_text() == "a file" and (two / "inside").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_name_that_is_missing_leaves_the_other_alone(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    with pytest.raises(FileNotFoundError):
        _durable.exchange(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "one").exists()


def test_names_that_cannot_change_places_are_left_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an overlay, which exchanges no directory of an image and does not rename it either."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("one")
    two.write_text("two")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path == two:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(_durable, "LIBC", unable(errno.EXDEV))
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        _durable.exchange(one, two)
    assert (one.read_text(), two.read_text()) == ("one", "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
