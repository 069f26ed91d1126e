# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the module restore, and the subject they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check_options import CHECK_OPTIONS, checks_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine, Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import open_engine, open_ledger
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._module import Subject
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._paths_restoration import PathsRestoration
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._paths_reversion import (
    PathsAcknowledgement,
    PathsReversion,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import (
    TARGET_SPEC,
    parse_target,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restoration import Restoration
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_removal import Removal
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_request import (
    PROOFS,
    RestoreRequest,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_reversion import (
    Acknowledgement,
    Reversion,
)

RESTORE_OPTIONS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent", "reverted", "acknowledged"], "default": "present"},
    "mode": {"type": "str", "choices": ["in_place", "beside"], "default": "beside"},
    "directory": {"type": "path"},
    "port": {"type": "int"},
    "listen_on_localhost": {"type": "bool", "default": False},
    "target": TARGET_SPEC,
    "backup": {"type": "str"},
    "timeline": {"type": "int"},
    "confirm": {"type": "str"},
    "keep_running": {"type": "bool", "default": True},
    "run_id": {"type": "str"},
    "may_run_yet": {"type": "bool", "default": False},
    "prove": {"type": "str", "choices": list(PROOFS), "default": "everything"},
    "checks": CHECK_OPTIONS,
    "select": {
        "type": "dict",
        "options": {
            part: {"type": "list", "elements": "str", "default": []} for part in ("paths", "databases", "tables")
        },
    },
}


def restoration_of(given: dict[str, Any]) -> Subject:
    """What is wanted of the directory."""
    target = parse_target(given["target"])
    engine = open_engine(given)
    if given["state"] == "absent":
        return Removal(engine, Path(given["directory"]))
    is_in_place = given["mode"] == "in_place" or given["state"] in ("acknowledged", "reverted")
    engine.require_place(is_in_place=is_in_place)
    if given["state"] != "present":
        return former_data(given, engine)
    engine.require_target(target)
    selection, checks = Selection(**(given["select"] or {})), checks_of(given["checks"])
    engine.require_parts(selection.as_result(), is_in_place=is_in_place)
    engine.require_checks(checks)
    request = RestoreRequest(
        target=target,
        backup=given["backup"],
        timeline=given["timeline"],
        confirm=given["confirm"],
        is_in_place=is_in_place,
        port=given["port"] or engine.default_port,
        listen="127.0.0.1" if given["listen_on_localhost"] else "",
        keep_running=given["keep_running"],
        run_id=given["run_id"],
        selection=selection,
        prove=given["prove"],
        checks=checks,
        may_run_yet=given["may_run_yet"],
    )
    if is_in_place and engine.IS_MADE_OF_PATHS:
        return PathsRestoration(engine, open_ledger(given, engine), request)
    directory = engine.live_directory if is_in_place else Path(given["directory"])
    return Restoration(engine, open_ledger(given, engine), request, directory)


def former_data(given: dict[str, Any], engine: Engine) -> Subject:
    """What becomes of the data that a restore in place has kept."""
    run_id = given["run_id"]
    is_reverted = given["state"] == "reverted"
    if engine.IS_MADE_OF_PATHS:
        ledger = open_ledger(given, engine)
        return PathsReversion(engine, ledger, run_id) if is_reverted else PathsAcknowledgement(engine, ledger, run_id)
    live = Path(given["directory"] or engine.live_directory)
    if is_reverted:
        return Reversion(engine, live, keep_running=given["keep_running"], run_id=run_id)
    return Acknowledgement(engine, live, run_id=run_id)
