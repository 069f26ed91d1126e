# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A PostgreSQL cluster as files and processes of this host: where it lies, starting, stopping, start at boot."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import (
    ControlData,
    read_control_data,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import (
    remove_durably,
    write_durably,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import DeadlineError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import (
    kill_family,
    order_end,
    process_runs,
    wait_gone,
)

START_MODES = ("auto", "manual", "disabled")
STANDBY_SIGNAL = "standby.signal"
RECOVERY_SIGNAL = "recovery.signal"


@dataclass(frozen=True)
class Cluster:
    """Paths follow Debian's layout; the options may name others."""

    version: str
    name: str
    port: int
    data_directory: Path
    configuration_directory: Path
    socket_directory: str

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Cluster:
        version, name = str(options["version"]), options.get("cluster") or "main"
        return cls(
            version=version,
            name=name,
            port=int(options.get("port") or 5432),
            data_directory=Path(options.get("data_directory") or f"/var/lib/postgresql/{version}/{name}"),
            configuration_directory=Path(options.get("configuration_directory") or f"/etc/postgresql/{version}/{name}"),
            socket_directory=options.get("socket_directory") or "/var/run/postgresql",
        )

    @property
    def label(self) -> str:
        return f"the cluster {self.version}/{self.name}"

    @property
    def binary_directory(self) -> str:
        return f"/usr/lib/postgresql/{self.version}/bin"

    @property
    def configuration_file(self) -> Path:
        return self.configuration_directory / "postgresql.conf"

    @property
    def start_file(self) -> Path:
        return self.configuration_directory / "start.conf"

    @property
    def rewind_marker(self) -> Path:
        """Beside the data directory, because a rewind removes what its source does not have."""
        return self.data_directory.with_name(f"{self.data_directory.name}.rewinding")

    @property
    def password_file(self) -> Path:
        """Beside the data directory, so that neither a rewind nor a clone carries it elsewhere."""
        return self.data_directory.with_name(f"{self.data_directory.name}.pgpass")

    @property
    def exists(self) -> bool:
        return (self.data_directory / "PG_VERSION").exists()

    def signals(self) -> list[str]:
        """The files that make the server start in recovery."""
        return [name for name in (RECOVERY_SIGNAL, STANDBY_SIGNAL) if (self.data_directory / name).exists()]

    def control_data(self, deadline: Deadline) -> ControlData:
        return read_control_data(self.binary_directory, str(self.data_directory), deadline=deadline)

    # Processes

    def postmaster(self) -> int | None:
        """The process id of the running postmaster; a stale pid file is not one."""
        try:
            pid = int((self.data_directory / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        return pid if command in ("postgres", "postmaster") and process_runs(pid) else None

    def stop(self, deadline: Deadline) -> None:
        """A fast shutdown, to its clean end or to the deadline."""
        pid = self.postmaster()
        if pid is not None:
            order_end(pid, signal.SIGINT)
            wait_gone(
                [pid],
                deadline,
                f"stop {self.label}",
                next_action="See its log for what it waits for (a failing archive command is the usual one)",
            )

    def stop_for_certain(self, deadline: Deadline) -> bool:
        """Stop cleanly within half of the deadline, otherwise kill; says whether the end was clean."""
        pid = self.postmaster()
        if pid is None:
            return True
        try:
            self.stop(Deadline(deadline.remaining / 2))
        except DeadlineError:
            family = kill_family(pid)
            wait_gone(family, deadline, f"kill {self.label}", next_action="Cut the power of this host instead")
            return False
        return True

    def start(self, deadline: Deadline) -> None:
        """Start the server through the distribution's own tool, without systemd in between."""
        argv = ["pg_ctlcluster", "--skip-systemctl-redirect", self.version, self.name, "start"]
        environment = {"PG_CLUSTER_CONF_ROOT": str(self.configuration_directory.parent.parent)}
        finished = run_tool(argv, deadline=deadline, environment=environment)
        if self.postmaster() is None:
            require_success(finished, f"start {self.label}", next_action="See its log")
            raise ToolError(
                f"start {self.label}",
                cause=f"pg_ctlcluster ended with 0, but no postmaster runs: {finished.last_lines or 'it said nothing'}",
                next_action="See its log",
            )

    # Start at boot

    def start_mode(self) -> str:
        """``auto``, ``manual`` or ``disabled``; a missing file means auto, as for the distribution."""
        try:
            words = [line.split("#")[0].strip() for line in self.start_file.read_text().splitlines()]
        except FileNotFoundError:
            return "auto"
        return next((word for word in words if word), "auto")

    def set_start_mode(self, mode: str) -> None:
        """Rewrite only the word, keep the comments."""
        text = self.start_file.read_text() if self.start_file.exists() else "auto\n"
        written, count = re.subn(r"(?m)^\s*(auto|manual|disabled)\b", mode, text, count=1)
        write_durably(self.start_file, written if count else f"{text.rstrip()}\n{mode}\n", 0o644)

    @property
    def kept_file(self) -> Path:
        return self.configuration_directory / "before-fence.json"

    def keep_before_fence(self) -> None:
        """Remember how it was before the fence; a second fence does not overwrite it."""
        if not self.kept_file.exists():
            kept = {"start_mode": self.start_mode(), "signals": self.signals()}
            write_durably(self.kept_file, json.dumps(kept) + "\n", 0o644)

    def take_kept(self) -> dict[str, Any] | None:
        """How it was before the fence, once; None when no fence of ours stands."""
        if not self.kept_file.exists():
            return None
        kept: dict[str, Any] = json.loads(self.kept_file.read_text())
        remove_durably(self.kept_file)
        return kept

    # Starting in recovery

    def write_standby_signal(self) -> None:
        """From now on the server can only come up as a standby."""
        write_durably(self.data_directory / STANDBY_SIGNAL, "")

    def remove_signals(self) -> None:
        for name in (STANDBY_SIGNAL, RECOVERY_SIGNAL):
            remove_durably(self.data_directory / name)
