# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""M(gogidix.disaster_recovery.module_pack): all of it happens on the controller; its documentation is the module's."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase

ARGUMENTS = {
    "modules": {"type": "list", "elements": "str", "required": True},
    "background": {"type": "bool", "default": False},
}
# The play goes on meanwhile and has the right of way.
BACKGROUND_NICENESS = 5


class ActionModule(ActionBase):
    """Has Ansible build the payload of each module, which it keeps for the rest of the play."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        _valid, given = validate(ARGUMENTS)
        if given["background"]:
            self.pack_in_background(given["modules"], task_vars)
            return {**result, "changed": False, "packed": []}
        self.pack(given["modules"], task_vars)
        return {**result, "changed": False, "packed": given["modules"]}

    def pack(self, modules: list[str], task_vars: dict[str, Any] | None) -> None:
        configure: Any = self._configure_module
        for name in modules:
            configure(module_name=name, module_args={}, task_vars=task_vars)

    def pack_in_background(self, modules: list[str], task_vars: dict[str, Any] | None) -> None:
        """In a process of its own. A task that needs a module just then waits for that one: Ansible locks each."""
        if os.fork():
            return
        try:
            os.nice(BACKGROUND_NICENESS)
            self.pack(modules, task_vars)
        finally:
            os._exit(0)
