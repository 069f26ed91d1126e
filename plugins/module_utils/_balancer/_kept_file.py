# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Replacing a balancer's own file: its mode and owner stay, so that the balancer can still read it."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError


def replace_file(path: Path, text: str) -> None:
    """The new text as a whole or the old one; a file that was not there is readable by its owner only."""
    try:
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o600
        write_durably(path, text, mode)
    except OSError as error:
        raise PreconditionError(
            f"write {path}",
            cause=str(error.strerror),
            next_action=f"Make room in {path.parent}, and let this user write there",
        ) from error
