# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a restic repository can be read: every byte of it, and which backups a damage touches."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic, said_badly
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import (
    RETRIED,
    cleaned,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    RecoveryError,
)

PACK = re.compile(r"\b(?:pack|want) ([0-9a-f]{64})\b")
PACKS_READ = re.compile(r"(\d+) / (\d+) packs")
SNAPSHOTS_READ = re.compile(r"(\d+) / (\d+) snapshots")
GOOD = "no errors were found"


@dataclass(frozen=True)
class Condition:
    """What a check of a repository showed. ``hit`` are the damaged snapshots, or None when it may be any of them."""

    errors: list[str] = field(default_factory=list)
    hit: frozenset[str] | None = frozenset()
    packs_read: int = 0
    snapshots_read: int = 0

    def against(self, snapshots: set[str]) -> list[str]:
        """What speaks against a backup that lies in these snapshots."""
        return self.errors if self.hit is None or self.hit & snapshots else []


def check_repository(tool: Restic, what: str, *, subset: str | None = None) -> Condition:
    """Read the whole repository, or a ``subset`` such as 5%. Structure alone comes first: it misses a flipped bit,
    but what is missing altogether it finds at once, where reading would ask for it again and again.
    """
    structure = tool.run("check")
    if not is_good(structure):
        return damage(tool, structure, what)
    read = tool.run("check", "--read-data" if subset is None else f"--read-data-subset={subset}")
    if not is_good(read):
        return damage(tool, read, what)
    return Condition(packs_read=count(PACKS_READ, read.stdout), snapshots_read=count(SNAPSHOTS_READ, read.stdout))


def is_good(finished: Finished) -> bool:
    return finished.rc == 0 and GOOD in finished.stdout


def count(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.findall(text)
    return int(found[-1][0]) if found else 0


def damage(tool: Restic, finished: Finished, what: str) -> Condition:
    """The damage that restic found; when it could not look at all, that is another error."""
    said = said_badly(finished)
    error = meaning_of(said, what, evidence={"tool": "restic", "rc": finished.rc})
    if finished.rc != 0 and not isinstance(error, IntegrityError):
        raise error
    packs = sorted(set(PACK.findall(said)))
    return Condition(errors=[cleaned(said)], hit=snapshots_with(tool, packs, said))


def snapshots_with(tool: Restic, packs: list[str], said: str) -> frozenset[str] | None:
    """The snapshots that need one of these packs; None when that cannot be told, so that none counts as spared."""
    known = (PACK, RETRIED, re.compile("contains errors"))
    unexplained = [line for line in said.splitlines() if not any(each.search(line) for each in known)]
    if not packs or unexplained:
        return None
    try:
        found = tool.read_json("find out what a damage touches", "find", "--no-lock", "--pack", *packs)
    except RecoveryError:
        return None
    hit = {str(each["snapshot"]) for each in found or [] if isinstance(each, dict) and "snapshot" in each}
    return frozenset(hit) or None
