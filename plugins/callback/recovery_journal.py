# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: recovery_journal
type: notification
short_description: Record every step of a plan in a journal
version_added: 1.0.0
author: gogidix.disaster_recovery contributors (@gogidix)
description:
  - Appends one JSON line per event to the journal of the run, however the playbook was started,
    so that the report, an undo and a second run can tell what was done, on what, when, and with which evidence.
  - At load, before any play begins, it sets the environment variables E(RECOVERY_RUN_ID), E(RECOVERY_JOURNAL)
    (the path of the journal), E(RECOVERY_CONTROLLER) (host, boot id, process id and its start time, as JSON)
    and E(RECOVERY_STARTED_AT) (seconds since the epoch). Plans read them with the lookup
    P(ansible.builtin.env#lookup).
  - Values of options that are declared secret are masked by Ansible; beyond that everything under a name that sounds
    like a secret is left out, and module invocations are never written.
  - Lines are forced to the disk when a step begins, when something fails, and at the end.
  - It also keeps what Ansible packs for the hosts, below C(ANSIBLE_HOME), so that the next run from the same sources
    need not do it again while clients wait.
  - It never breaks a run. When it cannot write it warns once and sets E(RECOVERY_JOURNAL_BROKEN) to V(1);
    when it cannot even begin, E(RECOVERY_JOURNAL) stays unset, by which plans refuse to start.
options:
  directory:
    description:
      - Where journals are kept, one file per run.
      - Without it, C(/var/log/disaster-recovery) when that can be written, else C(~/.local/state/disaster-recovery).
    type: path
    env:
      - name: RECOVERY_JOURNAL_DIRECTORY
    ini:
      - section: recovery_journal
        key: directory
requirements:
  - Enabled in the controller's configuration with C(callbacks_enabled = gogidix.disaster_recovery.recovery_journal).
"""

import json
import os
import re
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import error_of, kept_of_result
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.writer import JournalFile
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._inherited import import_for_workers
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._module_packages import ModulePackages

SYSTEM_DIRECTORY = "/var/log/disaster-recovery"
RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
SET_FACT = ("set_fact", "ansible.builtin.set_fact", "ansible.legacy.set_fact")


def new_run_id() -> str:
    """An id that sorts by time and does not repeat."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + secrets.token_hex(2)


def usual_directory() -> str:
    """The system's directory when it can be written, else the user's own."""
    nearest = SYSTEM_DIRECTORY if os.path.isdir(SYSTEM_DIRECTORY) else os.path.dirname(SYSTEM_DIRECTORY)
    return SYSTEM_DIRECTORY if os.access(nearest, os.W_OK) else os.path.expanduser("~/.local/state/disaster-recovery")


def describe_controller() -> dict[str, Any]:
    """Who runs this plan: enough to prove later that it is gone, even when its process id was given to another."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot, open("/proc/self/stat", "rb") as stat:
        started = int(stat.read().rpartition(b")")[2].split()[19])
        boot_id = boot.read().strip()
    # As /proc knows it: a run in a pid namespace of its own must name itself as others on this machine see it.
    pid = int(os.readlink("/proc/self"))
    return {"host": socket.gethostname(), "boot_id": boot_id, "pid": pid, "start_time": started}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "gogidix.disaster_recovery.recovery_journal"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file: JournalFile | None = None
        self._packages: ModulePackages | None = None
        self._plan: str | None = None
        self._play: str | None = None
        self._step: tuple[Any, ...] = ()
        self._begun: dict[tuple[str, str], float] = {}

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Called once at load, before any play: the journal is opened and announced here."""
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        os.environ.pop("RECOVERY_JOURNAL", None)
        os.environ.pop("RECOVERY_JOURNAL_BROKEN", None)
        run_id = os.environ.get("RECOVERY_RUN_ID") or new_run_id()
        if not RUN_ID.match(run_id):
            self._display.warning(f"RECOVERY_RUN_ID {run_id!r} cannot name a file; this run gets an id of its own.")
            run_id = new_run_id()
        os.environ["RECOVERY_RUN_ID"] = run_id
        os.environ["RECOVERY_STARTED_AT"] = f"{time.time():.3f}"
        try:
            os.environ["RECOVERY_CONTROLLER"] = json.dumps(describe_controller())
            self._file = JournalFile(self.get_option("directory") or usual_directory(), run_id)
            os.environ["RECOVERY_JOURNAL"] = self._file.path
        except OSError as error:
            self._say_broken(error)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._plan = os.path.splitext(os.path.basename(playbook._file_name))[0]
        controller = json.loads(os.environ.get("RECOVERY_CONTROLLER", "{}"))
        self._append({"event": "run", "outcome": "begun", "controller": controller}, durable=True)
        if self._file is not None:
            import_for_workers()
            self._aside(self._lay_out)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play.get_name()
        self._step = ()
        self._append({"event": "play", "outcome": "begun"}, durable=False)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._append({"event": "play", "outcome": "skipped", "error": {"msg": "no hosts matched"}}, durable=True)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._begin_task(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._begin_task(task)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._begun[(host.get_name(), task._uuid)] = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record(result, "skipped")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, "failed", ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record(result, "unreachable", ignored=bool(result.task_fields.get("ignore_unreachable")))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        is_failed = any(counts["failures"] or counts["unreachable"] for counts in hosts.values())
        self._append({"event": "end", "outcome": "failed" if is_failed else "ok", "hosts": hosts}, durable=True)
        self._aside(self._keep)

    def _lay_out(self) -> None:
        self._packages = ModulePackages.of_this_run()
        self._packages.lay_out()

    def _keep(self) -> None:
        if self._packages is not None:
            self._packages.keep()

    def _aside(self, act: Callable[[], None]) -> None:
        """What only saves time breaks no run, whatever happens to it."""
        try:
            act()
        except Exception as error:
            self._display.v(f"Packages of modules are not kept: {error}")

    def _begin_task(self, task: Any) -> None:
        """The line that says what is about to happen; durable when a step begins, so that a crash is explained."""
        place = self._place(task)
        step = (self._play, place["step"], place["entry"])
        self._append({"event": "task", **place, "outcome": "begun"}, durable=step != self._step)
        self._step = step

    def _record(self, result: Any, outcome: str, *, ignored: bool = False) -> None:
        host = result.host.get_name()
        begun = self._begun.pop((host, result.task._uuid), None)
        line = {"event": "result", **self._place(result.task), "host": host, "outcome": outcome}
        line["seconds"] = None if begun is None else round(time.monotonic() - begun, 4)
        line["action"] = str(result.task.action)
        line["delegated_to"] = result.task.delegate_to and str(result.task.delegate_to)
        if ignored:
            line["ignored"] = True
        try:
            values = result.result
            line.update(kept_of_result(values, sets_facts=result.task.action in SET_FACT))
            if outcome in ("failed", "unreachable"):
                line["error"] = error_of(values)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            # A result that cannot be read is still an event; only what it carried is lost.
            line["unread"] = str(error)
        self._append(line, durable=outcome in ("failed", "unreachable"))

    @staticmethod
    def _place(task: Any) -> dict[str, Any]:
        """Where in the plan a task stands: its step is the role it comes from, its entry the role's task file."""
        role = task._role
        step = role.get_name().rpartition(".")[2] if role else None
        entry = os.path.splitext(os.path.basename(role._from_files.get("tasks", "main")))[0] if role else None
        return {"step": step, "entry": entry, "task": task.get_name().strip(), "check": bool(task.check_mode)}

    def _append(self, line: dict[str, Any], *, durable: bool) -> None:
        if self._file is None:
            return
        place: dict[str, Any] = {
            "plan": self._plan,
            "play": self._play,
            "step": None,
            "task": None,
            "host": None,
            "seconds": None,
        }
        place["check"] = bool(context.CLIARGS.get("check"))
        try:
            self._file.append({**place, **line}, durable=durable)
        except OSError as error:
            self._say_broken(error)

    def _say_broken(self, error: OSError) -> None:
        """Once: a journal that cannot be written is a warning, and a fact that a plan can ask for."""
        if os.environ.get("RECOVERY_JOURNAL_BROKEN") != "1":
            os.environ["RECOVERY_JOURNAL_BROKEN"] = "1"
            self._display.warning(f"Could not write the recovery journal: {error}. Make room or correct its directory.")
