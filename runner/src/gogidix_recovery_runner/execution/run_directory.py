# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a run: how the service and its supervisor speak to each other, across restarts of either."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spec:
    """What the supervisor is told; nothing secret."""

    run_id: str
    playbook: str
    inventory: str
    check: bool
    project_directory: str
    private_directory: str
    vault_password_file: str | None
    kill_at: float
    isolation: str
    environment: dict[str, str]


class RunDirectory:
    """``runs/<id>/``: 0700, made afresh for each run and never used twice."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec = path / "spec.json"
        self.pid = path / "pid"
        self.cancel = path / "cancel"
        self.result = path / "result.json"
        self.events = path / "events.jsonl"
        self.log = path / "log"
        self.child_log = path / "child.log"
        self.private_data = path / "pdd"

    def make(self, spec: Spec) -> None:
        self.path.mkdir(mode=0o700, parents=True)
        self.private_data.mkdir(mode=0o700)
        write_json(self.spec, asdict(spec))

    def read_spec(self) -> Spec:
        return Spec(**json.loads(self.spec.read_text(encoding="utf-8")))

    def read_result(self) -> dict[str, Any] | None:
        """The end mark; None as long as there is none. It is renamed into place, so it is whole."""
        try:
            result: dict[str, Any] = json.loads(self.result.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return result

    def read_pid(self) -> tuple[int, int] | None:
        """Process id and start time of the supervisor, as the service sees them."""
        try:
            known = json.loads(self.pid.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return int(known["pid"]), int(known["start_time"])

    def last_error(self) -> str | None:
        """What Ansible itself complained of, when it failed without any task having failed."""
        if not self.log.exists():
            return None
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if line.startswith(("[ERROR]", "ERROR!"))]
        return errors[-1][:4000] if errors else None

    def purge(self) -> None:
        """Take away all that may hold inputs or unredacted output; the redacted log and events stay."""
        shutil.rmtree(self.private_data, ignore_errors=True)
        if self.spec.exists():
            shutil.rmtree(self.read_spec().private_directory, ignore_errors=True)


def write_json(path: Path, value: Any, *, exclusive: bool = False) -> None:
    """Whole or not at all; ``exclusive`` raises FileExistsError when it is there already."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        if exclusive:
            os.link(temporary, path)
        else:
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def private_directory_of(run_id: str, fallback: Path) -> Path:
    """A short path in memory where there is one: values never touch a disk, sockets fit into their limit."""
    memory = Path("/dev/shm")
    return (memory if os.access(memory, os.W_OK) else fallback) / f"gdr-{run_id}"
