# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A restored tree against the manifest of what was backed up: the proof of a restore of files."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import (
    Entry,
    Manifest,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk, hash_of

# restic keeps none of these.
NEVER_KEPT = ("socket",)
SHOWN = 50
# How much space a copy takes is compared elsewhere, by what is lost when holes are filled.
ALLOCATED = Entry._fields.index("allocated")


@dataclass
class Comparison:
    """What is not as it was: ``wrong`` speaks against the copy, ``not_preserved`` is known and told."""

    compared: int = 0
    hashed: int = 0
    wrong: list[str] = field(default_factory=list)
    not_preserved: list[str] = field(default_factory=list)

    def as_evidence(self) -> dict[str, Any]:
        return {
            "paths_compared": self.compared,
            "contents_hashed": self.hashed,
            "not_preserved": self.not_preserved[:SHOWN],
            "not_preserved_count": len(self.not_preserved),
        }


def place_of(tree: Path, path: str) -> str:
    """Where a path of the host lies in a restored tree."""
    return f"{tree}{path}"


def lies_in(path: str, roots: list[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


class Proof:
    """What lies in a tree against the manifest, beside whatever else is done, as soon as nothing is written there.

    Who fails meanwhile need not wait for it: it ends with the process. ``unsure`` changed while it was backed up.
    """

    def __init__(self, manifest: Manifest, tree: Path, roots: list[str], *, unsure: set[str]) -> None:
        self.manifest = manifest
        self.tree = tree
        self.roots = roots
        self.unsure = unsure
        self._found: Future[Comparison] | None = None

    def begin(self) -> Future[Comparison]:
        if self._found is None:
            self._found = Future()
            Thread(target=self._take, args=[self._found], daemon=True).start()
        return self._found

    def found(self) -> Comparison:
        return self.begin().result()

    def _take(self, future: Future[Comparison]) -> None:
        # No restore brings flags back: those of the copy speak neither for it nor against it.
        walk = Walk(tree=str(self.tree), is_one_file_system=False, with_flags=False)
        try:
            there = walk.manifest([each for each in self.roots if os.path.lexists(place_of(self.tree, each))])
            result = compare(self.manifest, there, self.tree, self.unsure)
            result.wrong += beside(self.tree, self.roots)
            future.set_result(result)
        except BaseException as error:
            future.set_exception(error)


def compare(manifest: Manifest, there: Manifest, tree: Path, unsure: set[str]) -> Comparison:
    """Every entry against what lies in the tree, and nothing beside them."""
    result = Comparison()
    for path, entry in sorted(manifest.entries.items()):
        result.compared += 1
        if entry.type in NEVER_KEPT:
            result.not_preserved.append(f"{path!r}: a {entry.type}")
            continue
        result.not_preserved += [f"{path!r}: the flag {flag}" for flag in entry.flags]
        found = there.entries.get(path)
        if found is None:
            if path not in unsure:
                result.wrong.append(f"{path!r} is missing")
        elif path not in unsure:
            result.wrong += [f"{path!r}: {each}" for each in differences(entry, found)]
            result.wrong += wrong_content(entry, place_of(tree, path), path, result)
    expected = manifest.entries.keys() | unsure
    result.wrong += [f"{path!r} was not backed up" for path in sorted(there.entries.keys() - expected)]
    result.wrong += [f"{path!r}: {cause}" for path, cause in sorted(there.unreadable.items())]
    result.wrong += wrong_links(manifest, there, unsure)
    return result


def beside(tree: Path, roots: list[str]) -> list[str]:
    """What lies in a tree beside the roots and the directories that lead to them, which no link may stand for."""
    wrong: list[str] = []
    leading = {str(above) for root in roots for above in Path(root).parents}
    for above in sorted(leading):
        real = place_of(tree, above)
        if above != "/" and os.path.islink(real):
            return [*wrong, f"{above!r} is a link"]
        if os.path.isdir(real) and not lies_in(above, roots):
            found = [os.path.join(above, name) for name in sorted(os.listdir(real))]
            wrong += [f"{path!r} was not backed up" for path in found if path not in leading and path not in roots]
    return wrong


def differences(wanted: Entry, found: Entry) -> list[str]:
    """What of one entry is not as it was."""
    if is_same(wanted, found):
        return []
    names = ["type", "mode", "uid", "gid", "size", "mtime_ns", "target", "device"]
    if wanted.type == "link":
        names = ["type", "uid", "gid", "target"]
    wrong = [
        f"{name} is {getattr(found, name)}, was {getattr(wanted, name)}"
        for name in names
        if getattr(found, name) != getattr(wanted, name)
    ]
    for name in sorted(wanted.xattrs.keys() | found.xattrs.keys()):
        if wanted.xattrs.get(name) != found.xattrs.get(name):
            wrong.append(f"extended attribute {name} differs")
    return wrong


def is_same(wanted: Entry, found: Entry) -> bool:
    """The quick look, which nearly every pair passes; a link goes the long way, for its mode and time do not count."""
    return (
        wanted[:ALLOCATED] == found[:ALLOCATED]
        and wanted.target == found.target
        and wanted.device == found.device
        and wanted.xattrs == found.xattrs
    )


def wrong_content(entry: Entry, real: str, path: str, result: Comparison) -> list[str]:
    if not entry.sha256:
        return []
    result.hashed += 1
    try:
        digest = hash_of(real)
    except OSError as error:
        return [f"{path!r}: {error.strerror}"]
    return [] if digest == entry.sha256 else [f"{path!r}: its content is not what it was"]


def wrong_links(manifest: Manifest, there: Manifest, unsure: set[str]) -> list[str]:
    """Names of one file must be names of one file again."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path, entry in manifest.entries.items():
        if entry.links and path in there.entries and path not in unsure:
            groups[entry.links].append(path)
    wrong = []
    for paths in groups.values():
        found = {there.entries[path].links for path in paths}
        if len(paths) > 1 and (len(found) > 1 or "" in found):
            wrong.append(f"{sorted(paths)[0]!r} and {len(paths) - 1} more were one file")
    return wrong
