# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The user who owns a server's data: root gives itself up for him, and gives him what it wrote."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def as_owner(user: str, argv: list[str]) -> list[str]:
    """The command line; where root stands its owner may not be allowed to stand."""
    away = ["runuser", "-u", user, "--", "env", "--chdir=/"] if user and os.geteuid() == 0 else []
    return [*away, *argv]


def give(path: Path, user: str) -> None:
    """Let a file, or a directory of ours with all in it, be the owner's."""
    if not user or os.geteuid() != 0:
        return
    account = pwd.getpwnam(user)
    os.lchown(path, account.pw_uid, account.pw_gid)
    for parent, folders, names in os.walk(path):
        for name in [*folders, *names]:
            os.lchown(Path(parent) / name, account.pw_uid, account.pw_gid)
