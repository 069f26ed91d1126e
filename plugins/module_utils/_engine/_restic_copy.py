# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Copying restic's backups from one repository to another, and proving that they are the same there.

A copied snapshot gets a new identifier. What it holds is named by its tree, which is the same exactly when
everything below it is; and it remembers the first of its kind as its ``original``.
"""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic, said_badly
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import Listing
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import meaning_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

# These describe one repository and have a name of their own for the one that is copied from.
OF_THE_SOURCE = {
    "RESTIC_REPOSITORY": "RESTIC_FROM_REPOSITORY",
    "RESTIC_REPOSITORY_FILE": "RESTIC_FROM_REPOSITORY_FILE",
    "RESTIC_PASSWORD": "RESTIC_FROM_PASSWORD",
    "RESTIC_PASSWORD_FILE": "RESTIC_FROM_PASSWORD_FILE",
    "RESTIC_PASSWORD_COMMAND": "RESTIC_FROM_PASSWORD_COMMAND",
    "RESTIC_KEY_HINT": "RESTIC_FROM_KEY_HINT",
}
# These are this host's own, whatever the repository.
OF_THE_HOST = ("RESTIC_CACHE_DIR", "RESTIC_PROGRESS_FPS", "TMPDIR")


def find_copies(source: Keeper, target: Keeper, records: list[BackupRecord]) -> dict[str, str]:
    """The backups whose data, record and chain the target has with the same trees, by their names there."""
    here, there = source.listing(again=True), target.listing(again=True)
    usable = {record.id for record in there.records if record.is_usable}
    twins: dict[str, str] = {}
    for copy in there.records:
        if copy.id in usable:
            twins[there.originals[copy.id]] = copy.id
    found = {}
    for record in records:
        members = [record.id, *record.chain]
        pairs = [(name, twins.get(here.originals[name])) for name in members]
        if all(twin is not None and is_alike(here, name, there, twin) for name, twin in pairs):
            found[record.id] = str(pairs[0][1])
    return found


def is_alike(here: Listing, name: str, there: Listing, twin: str) -> bool:
    """Whether two backups hold the same, their records included."""
    ours = [here.trees[name], here.trees.get(here.record_snapshots.get(name, ""))]
    theirs = [there.trees[twin], there.trees.get(there.record_snapshots.get(twin, ""))]
    return ours == theirs and all(ours)


def copy_to(source: Keeper, target: Keeper, records: list[BackupRecord]) -> None:
    """Copy backups with what they build on; the records last, so that what is broken off is seen to be."""
    listing = source.listing()
    members = list(dict.fromkeys(name for record in records for name in (*record.chain, record.id)))
    proofs = [listing.record_snapshots[name] for name in members if name in listing.record_snapshots]
    what = f"copy {len(members)} backups from {source.repository} to {target.repository}"
    tool = joined(source.tool, target.tool, what)
    with target.writing():
        finished = run_tool(
            tool.argv("copy", *members, *proofs), deadline=source.deadline, environment=tool.environment
        )
        if finished.rc != 0:
            raise meaning_of(said_badly(finished), what, evidence={"tool": "restic", "rc": finished.rc})


def joined(source: Restic, target: Restic, what: str) -> Restic:
    """restic for the target, which also knows the source. Its credentials have but one name each for both."""
    own = {name: value for name, value in source.settings.items() if name not in (*OF_THE_SOURCE, *OF_THE_HOST)}
    contradicting = sorted(name for name, value in own.items() if target.settings.get(name, value) != value)
    if source.options and target.options and source.options != target.options:
        contradicting.append("RECOVERY_RESTIC_OPTIONS")
    if contradicting:
        raise PreconditionError(
            what,
            cause=f"restic has one place for the credentials of both, and they differ in {', '.join(contradicting)}",
            next_action="Let one key open both stores, or take backups into both repositories instead of copying",
        )
    settings = {OF_THE_SOURCE[name]: value for name, value in source.settings.items() if name in OF_THE_SOURCE}
    return Restic({**own, **target.settings, **settings}, target.deadline, target.options or source.options)
