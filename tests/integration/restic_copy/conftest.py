# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository with a full backup and one that builds on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.integration.restic_copy.kept import Kept, write_papers


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    if shutil.which("restic") is None:
        pytest.skip("needs restic")
    root: Path = tmp_path_factory.mktemp("restic")
    kept = Kept(root, "origin").create("the first example passphrase")
    papers = root / "papers"
    full = kept.take(write_papers(papers, 1))
    kept.take(write_papers(papers, 2, 4), parent=full)
    return kept
