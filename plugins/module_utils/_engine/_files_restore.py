# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Restoring files: which backup and which part of it, how much room that takes, and the proof that it is all there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_comparison import (
    NEVER_KEPT,
    Comparison,
    Proof,
    lies_in,
    place_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Manifest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_options import plain_path
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_patterns import literal
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import BLOCK_BYTES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    restore_snapshot,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Finding, Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    IntegrityError,
    PreconditionError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import (
    PinnedDirectory,
    named,
    pinned,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

# From here on restic keeps sparse files sparse by itself.
KEEPS_SPARSE = (0, 15, 0)
SPARSE_SLACK_BYTES = 1024 * 1024
SHOWN = 20


@dataclass(frozen=True)
class Contents:
    """What a backup holds, out of its record."""

    paths: list[str]
    documents: list[str]
    manifest: Manifest
    unsure: set[str]
    changed: int
    unreadable: int
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, content: dict[str, Any], what: str) -> Contents:
        try:
            changed, unreadable = dict(content["changed"]), dict(content["unreadable"])
            return cls(
                paths=[str(path) for path in content["paths"]],
                documents=[str(path) for path in content["documents"]],
                manifest=Manifest.from_json(content["manifest"]),
                unsure={*changed, *unreadable},
                changed=len(changed),
                unreadable=len(unreadable),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(
                what, cause=f"its record lacks or garbles {error}", next_action="Use another backup"
            ) from error

    def part(self, roots: list[str]) -> Contents:
        """Only what lies below these paths."""
        if roots == self.paths:
            return self
        inside = {path: entry for path, entry in self.manifest.entries.items() if lies_in(path, roots)}
        return replace(self, paths=roots, manifest=Manifest(inside))

    def needed_bytes(self, tool_version: tuple[int, int, int]) -> int:
        """What has to be written: holes as well, where restic fills them."""
        if tool_version >= KEEPS_SPARSE:
            return self.manifest.allocated_bytes
        return self.manifest.content_bytes


def choose_backup(records: list[BackupRecord], target: RecoveryTarget, backup: str | None) -> BackupRecord:
    """The newest backup that had ended at the moment that is wanted; files have no log in between."""
    what = "choose a backup of files"
    if target.kind not in ("latest", "immediate", "time"):
        raise InputError(
            what,
            cause=f"files have no {target.kind}",
            next_action="Use the target latest, or a time: the newest backup before it is restored",
        )
    named = [record for record in records if backup is None or record.id.startswith(backup)]
    usable = [record for record in named if record.is_usable and record.is_complete]
    fitting = [record for record in usable if target.at is None or record.stopped_at <= target.at]
    if backup is not None and len(named) > 1:
        raise InputError(what, cause=f"{backup} names {len(named)} backups", next_action="Give more of its identifier")
    if fitting:
        return fitting[-1]
    if named and not usable:
        cause = "; ".join(error for record in named[-3:] for error in record.errors)
    else:
        cause = f"the oldest ended {written(usable[0].stopped_at)}" if usable else "there is none"
    raise RepositoryError(
        what, cause=f"none can be used for {target}: {cause}", next_action="Choose another backup or another time"
    )


def selected_roots(contents: Contents, selection: Selection) -> list[str]:
    """The paths that are wanted; each must be in the backup, and nothing but a path can be meant."""
    if selection.databases or selection.tables:
        raise InputError(
            "read the option select",
            cause="files have no databases or tables",
            next_action="Name paths, or use the engine of the database",
        )
    if not selection.paths:
        return contents.paths
    wanted = sorted({plain_path(path, "select.paths") for path in selection.paths})
    wanted = [path for path in wanted if not lies_in(path, [each for each in wanted if each != path])]
    missing = [path for path in wanted if path not in contents.manifest.entries]
    if missing:
        raise InputError(
            "read the option select.paths",
            cause=f"not in the backup: {', '.join(map(repr, missing[:SHOWN]))}",
            next_action=f"Name paths in {', '.join(contents.paths)}",
        )
    return wanted


def preflight_of(record: BackupRecord, contents: Contents) -> list[Finding]:
    lost = [entry for entry in contents.manifest.entries.values() if entry.flags or entry.type in NEVER_KEPT]
    consistency = "read without a change" if record.is_consistent else f"{contents.changed} paths changed while read"
    return [
        Finding("backup", True, f"{record.id}, {record.trust.level}", "ended before the target, undamaged"),
        Finding("paths", True, f"{len(contents.manifest.entries)} paths", ", ".join(contents.paths)),
        Finding("consistency", True, consistency, "told, not required"),
        Finding("complete", True, f"{contents.unreadable} paths could not be read", "told, not required"),
        Finding("not preserved", True, f"{len(lost)} paths lose a flag or are sockets", "told, not required"),
    ]


def write_tree(tool: Restic, snapshot: str, contents: Contents, directory: Path, *, is_whole: bool) -> Comparison:
    """Write the paths below a new directory, and prove their content by restic's reading, the rest by the manifest.

    Nothing of it goes by the name of that directory, which whoever owns the one above may give to something else.
    """
    what = f"restore backup {snapshot[:8]} into {named(directory)}"
    keeps_sparse = tool.version() >= KEEPS_SPARSE
    sparse = [] if keeps_sparse else [path for path, entry in contents.manifest.entries.items() if entry.is_sparse]
    arguments = [] if is_whole else [f"--include={literal(path)}" for path in contents.paths]
    arguments += ["--sparse"] if keeps_sparse else []
    with new_directory(directory, what) as target:
        proof = Proof(contents.manifest, target.place, contents.paths, unsure=contents.unsure)
        # What is still to be made sparse is looked at after that.
        once_written = (lambda: None) if sparse else proof.begin
        restore_snapshot(tool, what, snapshot, target.place, *arguments, once_written=once_written)
        unkept = make_sparse(tool, contents.manifest, sparse, target.place)
        result = proof.found()
    result.not_preserved += unkept
    if result.wrong:
        raise IntegrityError(
            what,
            cause=f"{len(result.wrong)} differences: {'; '.join(result.wrong[:SHOWN])}",
            next_action="Use another backup",
            evidence={"differences": result.wrong[:SHOWN], **result.as_evidence()},
        )
    return result


@contextmanager
def new_directory(directory: Path, what: str) -> Iterator[PinnedDirectory]:
    """Hold one that was just made; who named it must find there in the end what was written."""
    if named(directory) != directory:
        with pinned(directory, what) as held:
            yield held
        return
    # Links may lead to where it is; it is none itself.
    with pinned(directory.parent.resolve() / directory.name, what) as made:
        made.require_ours(what)
        yield made
        try:
            made.require_led_to(what)
        except PreconditionError:
            made.empty()
            raise


def make_sparse(tool: Restic, manifest: Manifest, paths: list[str], directory: Path) -> list[str]:
    """Give back the holes that restic filled; whatever stays filled is told."""
    filled = []
    for path in paths:
        real, entry = place_of(directory, path), manifest.entries[path]
        if os.path.islink(real) or not os.path.isfile(real):
            continue
        before = os.stat(real)
        run_tool(["fallocate", "--dig-holes", real], deadline=tool.deadline)
        os.utime(real, ns=(before.st_atime_ns, before.st_mtime_ns))
        if os.stat(real).st_blocks * BLOCK_BYTES > entry.allocated + SPARSE_SLACK_BYTES:
            filled.append(f"{path!r}: its holes")
    return filled
