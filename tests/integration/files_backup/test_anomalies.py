# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree that is not what it was: most of it deleted, much of it added, nothing left, all of it encrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import Sandbox, write_random

FILES, FILE_BYTES = 20, 50_000


def page(sandbox: Sandbox, number: int) -> Path:
    return sandbox.source / "pages" / f"{number}.html"


@pytest.fixture
def usual(sandbox: Sandbox) -> Sandbox:
    """Three days of a tree in which little changes."""
    for number in range(FILES):
        page(sandbox, number).write_text(f"<p>{number}</p>\n" * (FILE_BYTES // 10))
    sandbox.backup()
    for number in range(2):
        page(sandbox, number).write_text("<p>news</p>\n")
        sandbox.backup("incremental")
    return sandbox


def encrypt(sandbox: Sandbox, seed: int) -> None:
    """Every file under its own name, as long as it was."""
    for number, path in enumerate(sorted(sandbox.source.rglob("*"))):
        if path.is_file():
            write_random(path, path.stat().st_size, seed=seed + number)


def notes(sandbox: Sandbox, strategy: str = "incremental", **options: Any) -> list[str]:
    said: list[str] = sandbox.succeed("backup", strategy=strategy, **options)["notes"]
    return [each for each in said if each.startswith("Unusual")]


def test_a_tree_that_lost_most_of_itself_is_refused_until_somebody_says_that_it_is_right(usual: Sandbox) -> None:
    before = usual.ids()
    for path in sorted(usual.source.rglob("*")):
        if path.is_file() and path.name != "settings.conf":
            path.unlink()
    failed = usual.fail("backup", "DR-INT", strategy="incremental")
    assert "less than 50 % of the usual" in failed["cause"] and "minimum_percent_of_median" in failed["next_action"]
    assert usual.ids() == before
    assert usual.succeed("restore", check=True, directory=str(usual.root / "beside"))["backup"]["id"] == before[-1]
    assert notes(usual, minimum_percent_of_median=0) == []


def test_a_tree_of_nothing_is_refused(usual: Sandbox) -> None:
    for path in usual.source.rglob("*"):
        if path.is_file():
            path.unlink()
    failed = usual.fail("backup", "DR-INT", strategy="full", minimum_percent_of_median=0)
    assert "it holds nothing" in failed["cause"]


def test_a_tree_that_grew_many_times_over_is_told(usual: Sandbox) -> None:
    write_random(usual.source / "core dump", 6_000_000, seed=7)
    assert "Unusual (grown)" in notes(usual)[0]


@pytest.mark.parametrize("strategy", ["incremental", "full"])
def test_a_tree_that_was_encrypted_is_told_and_a_busy_day_is_not(usual: Sandbox, strategy: str) -> None:
    # Many times what changes on a usual day.
    for number in range(2, 5):
        write_random(page(usual, number), FILE_BYTES, seed=number)
    assert notes(usual, strategy) == []
    encrypt(usual, seed=100)
    assert "Unusual (entropy)" in notes(usual, strategy)[0]
    encrypt(usual, seed=200)
    failed = usual.fail("backup", "DR-INT", strategy=strategy, anomalies={"entropy": "error"})
    assert "encrypted" in failed["next_action"]
