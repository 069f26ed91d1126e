# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A tape: a plain device that copies of other repositories are written to. No tool backs up to it directly."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Probe, Repository

if TYPE_CHECKING:
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_changer import TapeChanger
    from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_drive import TapeDrive


class TapeRepository(Repository):
    NAME: str = "tape"
    MEDIUM: str = "tape"
    OPTIONS: dict[str, Any] = {
        "device": {"type": "path", "required": True},
        "block_bytes": {"type": "int", "default": 262144},
        "changer": {"type": "path"},
        "slot": {"type": "int"},
        "drive": {"type": "int", "default": 0},
        "catalogue_directory": {"type": "path", "default": "/var/lib/recovery/tape"},
    }

    @property
    def place(self) -> str:
        return str(self.options["device"])

    def probe(self) -> Probe:
        try:
            mode = os.stat(self.place).st_mode
        except OSError as error:
            return Probe(reachable=False, free_bytes=None, observed=str(error))
        kind = "a character device" if stat.S_ISCHR(mode) else "no tape drive but a file"
        can_write = os.access(self.place, os.W_OK)
        observed = f"{self.place} is {kind}{'' if can_write else ', not writable for this user'}"
        return Probe(reachable=can_write, free_bytes=None, observed=observed)

    def open_drive(self, deadline: Deadline) -> TapeDrive:
        """The drive, for whoever copies a repository to it or reads one back."""
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_drive import TapeDrive

        return TapeDrive(
            self.name,
            Path(self.place),
            Path(str(self.options["catalogue_directory"])),
            deadline=deadline,
            block_bytes=int(self.options["block_bytes"]),
        )

    def open_changer(self, deadline: Deadline) -> TapeChanger | None:
        """The changer that puts tapes into the drive; None when a person does."""
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_changer import (
            TapeChanger,
        )

        if not self.options.get("changer"):
            return None
        return TapeChanger(Path(str(self.options["changer"])), int(self.options["drive"]), deadline)

    def holding(self, deadline: Deadline) -> AbstractContextManager[None]:
        """With the tape in the drive: by the changer, which is left as it was found, or by a person before."""
        changer, slot = self.open_changer(deadline), self.options.get("slot")
        if changer is None:
            return nullcontext()
        if slot is None:
            raise InputError(
                "read the option slot",
                cause=f"the changer {self.options['changer']} is given, and no slot",
                next_action="Give the slot that holds the tape",
            )
        return changer.holding(int(slot))
