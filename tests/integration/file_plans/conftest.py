# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A place for a machine of a test's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.servers.process import open_directory


@pytest.fixture
def home() -> Iterator[Path]:
    """Where all that a plan writes lands."""
    if os.geteuid() != 0 or shutil.which("restic") is None:
        pytest.skip("needs root and restic")
    with open_directory("root") as directory:
        yield directory
