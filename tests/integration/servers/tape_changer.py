# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A changer of files: a program named mtx, with the words of the real one, that moves tapes between slots and a drive.

No changer can be had without hardware or a module of the kernel. What is a tape here is a file.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """#!{python}
import json, os, pathlib, sys
device = pathlib.Path(sys.argv[2])
state = json.loads(device.read_text())
command, *numbers = sys.argv[3:]
with open(f"{{device}}.log", "a") as log:
    log.write(" ".join([command, *numbers]) + "\\n")
if command in state["broken"]:
    sys.exit(f"mtx: Request Sense: Medium removal prevented")
def tape(slot):
    return pathlib.Path(f"{{device}}.tape{{slot}}")
if command == "load":
    slot = int(numbers[0])
    os.rename(tape(slot), state["drive"])
    state["loaded"] = slot
elif command == "unload":
    os.rename(state["drive"], tape(int(numbers[0])))
    state["loaded"] = None
device.write_text(json.dumps(state))
loaded = state["loaded"]
print(f"  Storage Changer {{device}}:1 Drives, {{state['slots']}} Slots ( 0 Import/Export )")
print("Data Transfer Element 0:" + (f"Full (Storage Element {{loaded}} Loaded)" if loaded else "Empty"))
for slot in range(1, state["slots"] + 1):
    print(f"      Storage Element {{slot}}:{{'Full' if tape(slot).exists() else 'Empty'}}")
"""


@dataclass(frozen=True)
class FileChanger:
    """One drive and some slots, below one directory."""

    root: Path

    @property
    def device(self) -> Path:
        return self.root / "changer"

    @property
    def drive(self) -> Path:
        return self.root / "drive"

    def tape(self, slot: int) -> Path:
        return Path(f"{self.device}.tape{slot}")

    def options(self, slot: int) -> dict[str, Any]:
        """The options of a repository of the kind tape."""
        own = {"device": str(self.drive), "changer": str(self.device), "slot": slot}
        return {**own, "catalogue_directory": str(self.root / "rows")}

    def moves(self) -> list[str]:
        """What it was told to do, without being asked how it stands; forgotten then."""
        log = Path(f"{self.device}.log")
        said = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in said if line != "status"]

    def break_down(self, *commands: str) -> None:
        state = json.loads(self.device.read_text())
        self.device.write_text(json.dumps({**state, "broken": list(commands)}))


def file_changer(root: Path, monkeypatch: pytest.MonkeyPatch, *, slots: int = 3, tapes: int = 2) -> FileChanger:
    """With blank tapes in the first slots; its mtx is found before any other."""
    changer = FileChanger(root)
    programs = root / "bin"
    programs.mkdir(parents=True)
    (programs / "mtx").write_text(PROGRAM.format(python=sys.executable))
    (programs / "mtx").chmod(0o755)
    state = {"slots": slots, "drive": str(changer.drive), "loaded": None, "broken": []}
    changer.device.write_text(json.dumps(state))
    for slot in range(1, tapes + 1):
        changer.tape(slot).touch()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return changer
