# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first look opens the gate when all is seen, and is given up with what it was taken for."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_look import in_a_file, looking
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Manifest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(20):
        (tmp_path / f"{number}").write_text("x")
    return tmp_path


@pytest.fixture
def held() -> Iterator[Event]:
    """Set, it lets a look go on."""
    event = Event()
    yield event
    event.set()


def waiting_at(place: str, held: Event) -> Walk:
    """A walk that waits at one path until it may go on."""

    def real(path: str) -> str:
        assert not path.endswith(place) or held.wait(20)
        return path

    return replace(Walk(with_hashes=True), real=real)


def test_the_gate_opens_when_all_was_seen(root: Path, held: Event) -> None:
    written: list[Manifest] = []
    with looking(waiting_at("/19", held), [str(root)], written.append) as look:
        assert not select.select([look.gate], [], [], 0.2)[0]
        held.set()
        assert os.read(look.gate, 100) == b""
        assert len(look.manifest.state) == 21
    assert written == [look.manifest]
    assert look.manifest.entries == Walk(with_hashes=True).manifest([str(root)]).entries


def test_a_look_that_nobody_waits_for_is_given_up(root: Path, held: Event) -> None:
    def slowly(path: str) -> str:
        held.wait(0.05)
        return path

    walk, written = replace(Walk(), real=slowly), list[Manifest]()
    with pytest.raises(ToolError), looking(walk, [str(root)], written.append) as look:
        raise ToolError("read it", cause="the tool failed", next_action="Run it again")
    assert len(look.manifest.entries) < 21
    assert written == []


def test_what_is_left_out_means_the_same_in_a_file() -> None:
    assert in_a_file("/srv/$HOME/a\nb/*") == "/srv/$$HOME/a?b/*"
