# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What an engine cannot do is refused by name, before anything is looked at."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


def require_known(option: str, complaint: str, wanted: str, known: tuple[str, ...]) -> None:
    """Raise for what this kind of data cannot do: files, for one, have no transaction log."""
    next_action = f"Use one of {', '.join(known)}" if known else "Leave it out"
    if wanted not in known:
        raise InputError(f"read the option {option}", cause=f"{complaint} {wanted}", next_action=next_action)
