# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process of one run: starts the plan, records its events without secrets, ends it when told, marks its end.

Started detached by the service as ``python -m gogidix_recovery_runner.execution.supervisor <run directory>``;
it needs nothing of the service afterwards.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ansible_runner.interface

from . import process_tree
from .redaction import Redactor
from .run_directory import RunDirectory, Spec, write_json
from .values_file import VALUES, read_secrets

# The library carries no types.
run_playbook: Callable[..., Any] = ansible_runner.interface.run
_MOST_DATA = 32768
_NOT_KEPT = frozenset({"playbook", "playbook_uuid", "play_uuid", "play_pattern", "task_args", "uuid", "parent_uuid"})


class EventLog:
    """Writes events and output as they come, redacted before they touch the disk."""

    def __init__(self, directory: RunDirectory, redactor: Redactor) -> None:
        self._redactor = redactor
        self._events = directory.events.open("a", encoding="utf-8")
        self._log = directory.log.open("a", encoding="utf-8")
        self.report: dict[str, Any] | None = None

    def take(self, event: dict[str, Any]) -> bool:
        """An event handler of the runner; False means that the runner keeps no copy of its own."""
        kept = self._kept(event)
        self._events.write(json.dumps(kept, default=str, ensure_ascii=False) + "\n")
        self._events.flush()
        if kept["stdout"]:
            self._log.write(kept["stdout"] + "\n")
            self._log.flush()
        return False

    def _kept(self, event: dict[str, Any]) -> dict[str, Any]:
        data = event.get("event_data") or {}
        artifacts = data.get("artifact_data") or {}
        if isinstance(artifacts.get("recovery_report"), dict):
            self.report = self._redactor.value(artifacts["recovery_report"])
        cleaned = self._redactor.value({key: item for key, item in data.items() if key not in _NOT_KEPT})
        if len(json.dumps(cleaned, default=str)) > _MOST_DATA:
            cleaned = {key: item for key, item in cleaned.items() if key not in ("res", "artifact_data")}
            cleaned["cut"] = True
        # Nothing else in an event says that the plan takes this failure as an answer.
        if (event.get("stdout") or "").rstrip().endswith("...ignoring"):
            cleaned["ignored"] = True
        return {
            "counter": event["counter"],
            "uuid": event["uuid"],
            "event": event["event"],
            "created": _as_utc(event["created"]),
            **{key: cleaned.get(key) for key in ("play", "role", "task", "host")},
            "stdout": self._redactor.text(event.get("stdout") or ""),
            "data": cleaned,
        }


def _as_utc(created: str) -> str:
    """The runner writes UTC, with or without saying so."""
    return created if created.endswith("+00:00") else created.removesuffix("Z") + "+00:00"


class Watch(threading.Thread):
    """Looks for a reason to end the plan, and ends its whole process tree."""

    def __init__(self, directory: RunDirectory, kill_at: float) -> None:
        super().__init__(daemon=True)
        self._directory = directory
        self._kill_at = kill_at
        self._over = threading.Event()
        self.reason: str | None = None

    def run(self) -> None:
        while not self._over.wait(0.1):
            if self._directory.cancel.exists():
                self.reason = "cancelled"
            elif time.time() > self._kill_at:
                self.reason = "killed"
            if self.reason:
                # Again and again, until the runner has seen it: it may be about to start the next process.
                process_tree.end_descendants()

    def stop(self) -> None:
        self._over.set()
        self.join()


def run_plan(spec: Spec, directory: RunDirectory, log: EventLog) -> tuple[str, int | None]:
    """Run the playbook to its end; the values come from a file, never from the command line."""
    arguments = "-e " + shlex.quote(f"@{spec.private_directory}/{VALUES}")
    if spec.check:
        arguments += " --check"
    if spec.vault_password_file:
        arguments += f" --vault-password-file {shlex.quote(spec.vault_password_file)}"
    runner = run_playbook(
        private_data_dir=str(directory.private_data),
        project_dir=spec.project_directory,
        playbook=spec.playbook,
        inventory=spec.inventory,
        cmdline=arguments,
        ident="job",
        quiet=True,
        event_handler=log.take,
        settings={"suppress_output_file": True, "pexpect_timeout": 1},
    )
    return str(runner.status), runner.rc


def supervise(path: Path) -> dict[str, Any]:
    directory = RunDirectory(path)
    spec = directory.read_spec()
    log = EventLog(directory, Redactor(read_secrets(Path(spec.private_directory))))
    watch = Watch(directory, spec.kill_at)
    watch.start()
    try:
        status, rc = run_plan(spec, directory, log)
        ended, error = "finished" if status in ("successful", "failed") else "error", None
    except Exception as failure:  # whatever it is, the run must get its end mark
        status, rc, ended, error = "error", None, "error", f"{type(failure).__name__}: {failure}"
    watch.stop()
    # Connections that ssh keeps warm outlive the plan; nothing of a run may outlive the run.
    left = process_tree.end_descendants()
    directory.purge()
    return {
        "ended": watch.reason or ended,
        "rc": rc,
        "runner_status": status,
        "error": error,
        "ended_at": time.time(),
        "processes_left": left,
        "report": log.report,
    }


def main() -> None:
    directory = RunDirectory(Path(sys.argv[1]))
    os.umask(0o077)
    os.environ.pop("PYTHONPATH", None)  # it was for this process, not for the plan
    process_tree.become_subreaper()
    own = process_tree.look_at(process_tree.own_pid())
    assert own is not None
    # Exclusive: of two supervisors for one run, the second dies here, before anything was done.
    write_json(directory.pid, {"pid": own.pid, "start_time": own.start_time}, exclusive=True)
    write_json(directory.result, supervise(directory.path))


if __name__ == "__main__":
    main()
