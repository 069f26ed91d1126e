# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of M(gogidix.disaster_recovery.lease): who we are, and whether another holder is dead."""

from __future__ import annotations

import multiprocessing
import socket
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import (
    boot_id,
    living_parent,
    own_process,
    process_namespace,
    process_started,
)


class ActionModule(ActionBase):
    """Adds the process that carries the run, and proves the staleness of another's lease where it can be proven."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        execute: Any = self._execute_module
        arguments = {**self._task.args, "holder": this_process()}
        name = "gogidix.disaster_recovery.lease"
        answer = execute(module_name=name, module_args=arguments, task_vars=task_vars)
        if answer.get("error_code") == "DR-LOCK" and arguments.get("state", "present") == "present":
            holder = (answer.get("recovery") or {}).get("holder") or {}
            proof = proof_of_death(holder)
            if proof:
                arguments.update(break_run_id=holder["run_id"], break_proof=proof)
                answer = execute(module_name=name, module_args=arguments, task_vars=task_vars)
        return {**result, **answer}


def this_process() -> dict[str, Any]:
    """The play's own process: actions run in its children.

    The parent is the one that this process was forked from. Asking the system instead would name init for a worker
    that outlives its killed play, and a lease held by init can never be proven stale.
    """
    play = multiprocessing.parent_process()
    pid = own_process() if play is None or play.pid is None else living_parent(play.pid)
    started = None if pid is None else process_started(pid)
    if started is None:
        raise AnsibleActionFail("the play that asked for the lease is gone; nothing is left to hold it for")
    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "namespace": process_namespace(),
        "pid": pid,
        "pid_started": started,
    }


def proof_of_death(holder: dict[str, Any]) -> str | None:
    """Why the holder cannot be alive; None when that is not known here."""
    if not holder.get("boot_id") or holder.get("host") != socket.gethostname():
        return None
    if holder["boot_id"] != boot_id():
        return f"{holder['host']} was started again since"
    if holder.get("namespace") != process_namespace():
        return None
    started = process_started(int(holder["pid"]))
    if started is None:
        return f"the process {holder['pid']} on {holder['host']} is gone"
    if started != int(holder["pid_started"]):
        return f"the process {holder['pid']} on {holder['host']} is another one now"
    return None
