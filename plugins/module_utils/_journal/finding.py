# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.
"""Finding the run that an undo is about in a directory of journals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.folding import Run, fold
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import read_lines

LAST = "last"
# What moves a group or puts data somewhere, and can be taken back. A site that was re-protected stays so.
UNDONE_PLANS = ("failover", "failback", "restore", "restore_system")


def find_run(directory: Path, run_id: str, *, group: str, plans: list[str], except_run: str) -> Run:
    """The named run, or the last one of the group whose plan is among ``plans`` and that began a step.

    Never the run that asks, nor a rehearsal in check mode.
    """
    if not directory.is_dir():
        raise PreconditionError(
            f"look for journals in {directory}",
            cause="there is no such directory",
            next_action="Give the directory that the callback recovery_journal writes to",
        )
    if run_id != LAST:
        path = directory / f"{Path(run_id).name}.jsonl"
        if not path.is_file():
            raise InputError(
                f"read the journal of run {run_id}",
                cause=f"there is no {path.name} in {directory}",
                next_action="Name a run that has a journal here, or copy its journal from the witness",
            )
        return _read(path)
    # Run ids begin with their time, but a service may give others: the files' own times decide.
    for path in sorted(directory.glob("*.jsonl"), key=lambda one: one.stat().st_mtime, reverse=True):
        if path.stem == except_run:
            continue
        run = _read(path)
        if run.declared.get("group") == group and run.declared.get("plan") in plans and _has_acted(run):
            return run
    raise PreconditionError(
        f"find a run of {group} to undo",
        cause=f"no journal in {directory} is of one of these plans: {', '.join(plans)}",
        next_action="Name the run, or copy its journal from the witness",
    )


def describe_run(run: Run) -> dict[str, Any]:
    """What an undo needs to know of a run."""
    return {
        "run_id": run.run_id,
        "plan": run.declared.get("plan"),
        "mode": run.declared.get("mode"),
        "source": run.declared.get("source"),
        "target": run.declared.get("target"),
        "status": run.status,
        "moved": bool(run.facts.get("recovery_moved")),
        "begun_steps": list(run.facts.get("recovery_begun_steps") or []),
        "restores": dict(run.declared.get("restores") or {}),
    }


def _has_acted(run: Run) -> bool:
    """Whether there may be something to take back: a run that was refused before its first step touched nothing."""
    if run.is_check or run.declared.get("check"):
        return False
    return bool(run.facts.get("recovery_begun_steps") or run.facts.get("recovery_moved"))


def _read(path: Path) -> Run:
    lines, unreadable = read_lines(path.read_text(encoding="utf-8", errors="replace"))
    try:
        return fold(lines, unreadable)
    except ValueError as error:
        raise InputError(
            f"read the journal {path}", cause=str(error), next_action="Name another run; this journal is empty"
        ) from error
