# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""M(gogidix.disaster_recovery.module_pack): all of it happens on the controller; its documentation is the module's."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

ARGUMENTS = {"modules": {"type": "list", "elements": "str", "required": True}}


class ActionModule(ActionBase):
    """Has Ansible build the payload of each module, which it keeps for the rest of the play."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec
        configure: Any = self._configure_module
        _valid, given = validate(ARGUMENTS)
        for name in given["modules"]:
            configure(module_name=name, module_args={}, task_vars=task_vars)
        return {**result, "changed": False, "packed": given["modules"]}
