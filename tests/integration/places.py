# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places that no restore may go to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol


class Restoring(Protocol):
    """A sandbox, as much of it as is asked here."""

    @property
    def root(self) -> Path: ...

    def fail(self, name: str, code: str, **options: Any) -> dict[str, Any]: ...


@contextmanager
def mounted(directory: Path, size: str) -> Iterator[Path]:
    """A disk of this size, on which everybody may write."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)
        directory.rmdir()


def require_mounted_and_small_places_refused(sandbox: Restoring) -> None:
    """A disk itself cannot be renamed, and one that is too small is seen before anything is written to it."""
    with mounted(sandbox.root / "disk", "2m") as disk:
        error = sandbox.fail("restore", "DR-PRE", directory=str(disk))
        assert "it is a mount point" in error["msg"] and error["data_state"] == "untouched"
        error = sandbox.fail("restore", "DR-SPACE", directory=str(disk / "below"))
        assert error["recovery"]["needed_bytes"] > error["recovery"]["free_bytes"]
        assert error["data_state"] == "untouched"
        assert os.listdir(disk) == []
