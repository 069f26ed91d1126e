# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""When a directory is not to be restored into: somebody works on it, it holds what is not ours, or it changed."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine, Finding, RestorePlan
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    LeaseError,
    PreconditionError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_request import RestoreRequest


def require_possible(request: RestoreRequest, directory: Path) -> None:
    """What an operator asks for must go together."""
    if request.is_in_place and not request.confirm:
        raise InputError(
            f"restore in place into {directory}",
            cause="confirm is missing",
            next_action="Set confirm to the system identifier of the inventory",
        )
    if request.is_in_place and (request.selection.databases or request.selection.tables):
        raise InputError(
            f"restore a part in place into {directory}",
            cause="databases and tables are taken out of a copy that is restored beside",
            next_action="Use mode: beside, and load the dumps it extracts where you want them",
        )


def require_identity(directory: Path, wanted: str, backup: str, there: str | None) -> Finding:
    """Three must be the same: what was confirmed, what the backup is of, and what lies there, if anything."""
    if backup != wanted or (there is not None and there != wanted):
        raise TimelineError(
            f"restore into {directory}",
            cause=f"confirmed is system {wanted}, the backup is of {backup}, the directory holds {there or 'none'}",
            next_action="Compare the inventory's system identifier, the stanza and the data directory",
        )
    return Finding("identity", True, backup, wanted)


def places_of(plan: RestorePlan, place: Place) -> list[Finding]:
    """Where tablespaces go; that nothing lies there yet, who names the place has seen to."""
    moved = [f"{name} of {was} to {place.tablespaces / name}" for name, was in sorted(plan.moved.items())]
    required = "a directory of their own that is not there yet"
    return [Finding("tablespaces", True, "; ".join(moved), required)] if moved else []


def require_free(place: Place, before: Description, *, is_in_place: bool, may_run_yet: bool = False) -> None:
    """Before anything is touched; who will stop the server first may be told of everything else before."""
    what = f"restore into {place.directory}"
    if before["is_running"] and not may_run_yet and (is_in_place or not place.is_abandoned):
        raise PreconditionError(
            what,
            cause="a server is running on it",
            next_action="Stop it first, or remove the copy with state: absent",
        )
    marker = place.read_marker()
    is_foreign = marker is None or marker.get("is_in_place") is not False
    if before["state"] == "occupied" and not is_in_place and is_foreign:
        raise PreconditionError(
            what,
            cause="it is not empty, and what is in it was not put there by a restore beside",
            next_action="Choose an empty directory",
        )


def require_outside_of_live(engine: Engine, place: Place) -> None:
    """A copy must not grow inside of the live data, which is backed up and which a server takes for its own."""
    live = None if engine.default_port is None else engine.live_directory
    if live is not None and live in place.directory.parents:
        raise PreconditionError(
            f"restore into {place.directory}",
            cause=f"it lies inside of the live data in {live}",
            next_action="Choose a directory outside of it",
        )


def require_unchanged(engine: Engine, place: Place, seen: tuple[int, int] | None) -> None:
    """Right before what is staged takes the place: another restore may have put its data there meanwhile."""
    is_running = engine.is_running(place.directory) and not place.is_abandoned
    if place.content != seen or is_running:
        raise LeaseError(
            f"put the restored data in place at {place.directory}",
            cause="a server was started on it meanwhile" if is_running else "something else was put there meanwhile",
            next_action="See which other run restores there; run this again when it is done and its data is not wanted",
        )
