# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A tape changer, driven by mtx. Its words are parsed and tested; nothing of this was ever tried on hardware."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    ToolError,
)

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

    def load(self, slot: int) -> Element:
        """Have the tape of a slot in the drive, and see it there."""
        what = f"load the tape of slot {slot} into drive {self.drive} of {self.device}"
        drive = self.inventory().drives[self.drive]
        if drive.is_full and drive.from_slot == slot:
            return drive
        if drive.is_full:
            raise PreconditionError(
                what, cause=f"the drive holds the tape of slot {drive.from_slot}", next_action="Unload that one first"
            )
        self._mtx("load", str(slot), str(self.drive))
        loaded = self.inventory().drives[self.drive]
        if not loaded.is_full or loaded.from_slot != slot:
            raise IntegrityError(what, cause=f"the changer shows {loaded}", next_action="Look at the changer")
        return loaded

    def unload(self) -> None:
        """Have the drive empty, its tape back in the slot that it is from."""
        drive = self.inventory().drives[self.drive]
        if not drive.is_full:
            return
        self._mtx("unload", *([str(drive.from_slot), str(self.drive)] if drive.from_slot is not None else []))
        if self.inventory().drives[self.drive].is_full:
            raise IntegrityError(
                f"unload drive {self.drive} of {self.device}",
                cause="the tape is still in it",
                next_action="Look at the changer",
            )

    def _mtx(self, *arguments: str) -> Finished:
        finished = run_tool(["mtx", "-f", str(self.device), *arguments], deadline=self.deadline)
        if finished.rc != 0:
            raise ToolError(
                f"let the changer {self.device} {arguments[0]}",
                cause=f"mtx ended with {finished.rc}: {finished.last_lines}",
                next_action="Run mtx by hand, and look at the changer",
            )
        return finished
