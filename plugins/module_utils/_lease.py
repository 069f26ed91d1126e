# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The lease on a protection group: one file on each database host, made so that exactly one run can hold it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    LeaseError,
    PreconditionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import utc_now, utc_text

FREE: Description = {"held": False, "run_id": None}


@dataclass(frozen=True)
class Holder:
    """A run, and the process on the controller that carries it: enough to prove later that it is dead."""

    run_id: str
    host: str
    boot_id: str
    namespace: str
    pid: int
    pid_started: int
    at: str

    def __str__(self) -> str:
        return f"the run {self.run_id} on {self.host} (process {self.pid}) since {self.at}"


@dataclass
class Lease:
    """The subject of the module ``lease``."""

    directory: Path
    group: str
    run_id: str
    wanted: str
    holder: dict[str, Any]
    break_run_id: str | None = None
    break_proof: str | None = None
    broken: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        if not self.group or "/" in self.group or self.group.startswith("."):
            raise InputError(
                "name the lease", cause=f"{self.group!r} is no file name", next_action="Give the group a plain name"
            )
        return self.directory / f"{self.group}.lease"

    def describe(self) -> Description:
        try:
            return {"held": True, **json.loads(self.path.read_text())}
        except FileNotFoundError:
            return dict(FREE)
        except ValueError:
            # Written half, or by somebody else: held by nobody we know, so nobody may take it without a reason.
            return {"held": True, "run_id": "unknown", "host": "unknown", "pid": 0, "at": "unknown"}

    def plan(self, before: Description) -> Description:
        if self.wanted == "absent":
            return dict(FREE) if before["run_id"] == self.run_id else before
        if before["run_id"] == self.run_id:
            return before
        if before["held"] and not (self.break_proof and self.break_run_id in (None, before["run_id"])):
            raise LeaseError(
                f"take the lease on {self.group}",
                cause=f"it is held by the run {before['run_id']} on {before.get('host')} "
                f"(process {before.get('pid')}) since {before.get('at')}",
                next_action="Wait for that run, or give break_reason if it is known to be dead",
                evidence={"holder": before},
            )
        return {"held": True, **asdict(Holder(run_id=self.run_id, at=utc_text(utc_now()), **self.holder))}

    def apply(self, before: Description, after: Description) -> None:
        if self.wanted == "absent":
            self.path.unlink()
            sync_directory(self.directory)
            return
        self.require_directory()
        if before["held"]:
            self.take_away(before)
        text = json.dumps({key: after[key] for key in after if key != "held"}, sort_keys=True)
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
        except FileExistsError as error:
            raise LeaseError(
                f"take the lease on {self.group}",
                cause=f"another run took it in this moment: {self.describe()}",
                next_action="Wait for that run",
            ) from error
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(self.directory)

    def take_away(self, before: Description) -> None:
        """Rename before removing, so that of two runs that break the same lease only one gets on."""
        aside = self.path.with_name(f".{self.group}.broken-by-{self.run_id}")
        self.path.rename(aside)
        taken = json.loads(aside.read_text() or "{}") if before["run_id"] != "unknown" else before
        if taken.get("run_id") != before["run_id"]:
            aside.rename(self.path)
            raise LeaseError(
                f"break the lease on {self.group}",
                cause=f"it changed hands in this moment, to the run {taken.get('run_id')}",
                next_action="Wait for that run",
            )
        aside.unlink()
        self.broken = {**before, "proof": self.break_proof}

    def require_directory(self) -> None:
        try:
            self.directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise PreconditionError(
                f"take the lease on {self.group}",
                cause=f"the directory {self.directory} is missing and cannot be made: {error}",
                next_action="Run the plan protect, which makes it, or make it for this user",
            ) from error

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"before": before, "broken": self.broken or None}

    def results(self, after: Description) -> dict[str, Any]:
        return {"lease": after}
