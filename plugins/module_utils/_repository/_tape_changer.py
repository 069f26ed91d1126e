# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A tape changer, driven by mtx. Its words are parsed and tested; nothing of this was ever tried on hardware."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    RecoveryError,
    ToolError,
)

# To put a tape away is no part of the work, and has to be done however long that took.
PUTTING_AWAY_SECONDS = 600.0
ELEMENT = re.compile(
    r"^[ \t]*(?P<place>Data Transfer|Storage) Element (?P<number>\d+)(?: IMPORT/EXPORT)?:(?P<state>Full|Empty)"
    r"(?: \((?:Storage Element (?P<from>\d+)|Unknown Storage Element) Loaded\))?"
    r"[ \t]*(?::?VolumeTag ?= ?(?P<tag>\S+))?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Element:
    """A slot or a drive, and the tape in it."""

    number: int
    is_full: bool
    tag: str = ""
    # For a drive: the slot that its tape is from.
    from_slot: int | None = None


@dataclass(frozen=True)
class Inventory:
    """What a changer says of itself."""

    drives: dict[int, Element]
    slots: dict[int, Element]


def parse_status(text: str) -> Inventory:
    """The words of ``mtx status``; a changer without a drive is not understood."""
    drives: dict[int, Element] = {}
    slots: dict[int, Element] = {}
    for found in ELEMENT.finditer(text):
        from_slot = int(found["from"]) if found["from"] else None
        element = Element(int(found["number"]), found["state"] == "Full", found["tag"] or "", from_slot)
        (drives if found["place"].startswith("Data") else slots)[element.number] = element
    if not drives:
        raise ToolError(
            "read the state of the changer",
            cause=f"mtx named no drive: {text.strip()[:200] or 'it said nothing'}",
            next_action="Run mtx status by hand",
        )
    return Inventory(drives, slots)


class TapeChanger:
    """One drive of a changer."""

    def __init__(self, device: Path, drive: int, deadline: Deadline) -> None:
        self.device = device
        self.drive = drive
        self.deadline = deadline

    def inventory(self) -> Inventory:
        return parse_status(self._mtx("status").stdout)

    @contextmanager
    def holding(self, slot: int) -> Iterator[None]:
        """With the tape of a slot in the drive; afterwards, also after an error, the changer is as it was found."""
        was_loaded = self.load(slot)
        try:
            yield
        except RecoveryError as error:
            if not was_loaded:
                self._put_away_after(error)
            raise
        if not was_loaded:
            self.unload()

    def _put_away_after(self, error: RecoveryError) -> None:
        """What went wrong first is what is told; that the tape is still in the drive stands in its evidence."""
        try:
            self.unload()
        except RecoveryError as second:
            error.evidence["changer"] = str(second)

    def load(self, slot: int) -> bool:
        """Have the tape of a slot in the drive, and see it there; whether it was there already."""
        what = f"load the tape of slot {slot} into drive {self.drive} of {self.device}"
        seen = self.inventory()
        drive = self._drive_of(what, seen)
        if drive.is_full and drive.from_slot == slot:
            return True
        if drive.is_full:
            whose = "a tape of no known slot" if drive.from_slot is None else f"the tape of slot {drive.from_slot}"
            raise PreconditionError(what, cause=f"the drive holds {whose}", next_action="Unload that one first")
        full = [number for number, element in sorted(seen.slots.items()) if element.is_full]
        if slot not in full:
            raise PreconditionError(
                what,
                cause=f"{'it is empty' if slot in seen.slots else 'there is no such slot'}, full are {full or 'none'}",
                next_action="Put the tape into that slot, or correct slot",
            )
        self._mtx("load", str(slot), str(self.drive))
        loaded = self._drive_of(what, self.inventory())
        if not loaded.is_full or loaded.from_slot != slot:
            raise IntegrityError(what, cause=f"the changer shows {loaded}", next_action="Look at the changer")
        return False

    def unload(self) -> None:
        """Have the drive empty, its tape back in the slot that it is from."""
        what = f"put the tape in drive {self.drive} of {self.device} away"
        at_last = TapeChanger(self.device, self.drive, Deadline(PUTTING_AWAY_SECONDS))
        drive = at_last._drive_of(what, at_last.inventory())
        if not drive.is_full:
            return
        at_last._mtx("unload", *([str(drive.from_slot), str(self.drive)] if drive.from_slot is not None else []))
        after = at_last.inventory()
        is_back = drive.from_slot is None or after.slots.get(drive.from_slot, Element(0, False)).is_full
        if at_last._drive_of(what, after).is_full or not is_back:
            raise IntegrityError(
                what,
                cause="the changer shows it elsewhere than in its slot",
                next_action="Look at the changer",
            )

    def _drive_of(self, what: str, seen: Inventory) -> Element:
        if self.drive not in seen.drives:
            raise PreconditionError(
                what,
                cause=f"the changer has the drives {sorted(seen.drives)}",
                next_action="Correct drive",
            )
        return seen.drives[self.drive]

    def _mtx(self, *arguments: str) -> Finished:
        finished = run_tool(["mtx", "-f", str(self.device), *arguments], deadline=self.deadline)
        if finished.rc != 0:
            raise ToolError(
                f"let the changer {self.device} {arguments[0]}",
                cause=f"mtx ended with {finished.rc}: {finished.last_lines}",
                next_action="Run mtx by hand, and look at the changer",
            )
        return finished
