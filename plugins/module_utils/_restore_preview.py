# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a restore would do, in sentences, before it does it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.wording import say_seconds, say_target


def restore_preview(looked: Mapping[str, Any]) -> list[str]:
    """The lines that tell a person what he is about to do, of one result of the module restore or of a loop."""
    return [line for result in looked.get("results", [looked]) if result.get("preflight") for line in _lines_of(result)]


def _lines_of(result: Mapping[str, Any]) -> list[str]:
    told = result["recovery"]
    head = f"{told['stanza']} into {result['directory']} from {told['repository']}, {_backup_of(result)}"
    found = [f"{each['check']}: {each['observed']}; required: {each['required']}" for each in result["preflight"]]
    return [f"{head}, to {say_target(result['target'])}", *(f"  {line}" for line in found)]


def _backup_of(result: Mapping[str, Any]) -> str:
    backup = result["backup"]
    if backup is None:
        return "which an earlier call of this run restored"
    return f"{backup['strategy']} backup {backup['id']}, {say_seconds(backup['age_seconds'])} old"
