# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scratch trees with a restic repository, in directories that the tests make and remove."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.files_backup.sandbox import PASSPHRASE, Sandbox, write_random
from tests.integration.servers.restic_repository import initialise

MakeSandbox = Callable[[], Sandbox]


@pytest.fixture(scope="session")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.geteuid() != 0 or shutil.which("restic") is None:
        pytest.skip("needs root and restic")
    place = tmp_path_factory.mktemp("empty")
    key = place / "key"
    key.write_text(PASSPHRASE)
    initialise(place / "repository", key)
    return place / "repository"


@pytest.fixture(scope="session")
def make_sandbox(library: Path, empty_repository: Path) -> Iterator[MakeSandbox]:
    """A small tree and an empty repository; all of them are gone afterwards."""
    roots: list[Path] = []

    def make() -> Sandbox:
        root = Path(tempfile.mkdtemp(prefix="fi"))
        root.chmod(0o755)
        roots.append(root)
        sandbox = Sandbox(root, library)
        sandbox.prepare(empty_repository)
        (sandbox.source / "pages").mkdir()
        (sandbox.source / "pages" / "index.html").write_text("<h1>Shop</h1>\n")
        (sandbox.source / "settings.conf").write_text("port = 80\n")
        write_random(sandbox.source / "pages" / "picture", 600_000)
        return sandbox

    yield make
    for root in roots:
        subprocess.run(["chattr", "-R", "-i", str(root / "source")], capture_output=True, check=False)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    """A sandbox of the test's own."""
    return make_sandbox()


@pytest.fixture(scope="session")
def shop(make_sandbox: MakeSandbox) -> Sandbox:
    """A tree that was backed up once, for tests that only look, or work on a variation of it."""
    made = make_sandbox()
    made.backup()
    return made
