# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Running a module in the controller's own process, where the task is for the controller anyway.

Packing a module and starting an interpreter for it costs 0.6 s, which is most of what such a call takes, and an
emergency makes several of them before the first good write.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain


class Ended(BaseException):
    """The module has its result. No ``except Exception`` in its code may swallow that, as none swallows an exit."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        super().__init__()


class ModuleHere:
    """As much of AnsibleModule as the modules' common flow uses."""

    def __init__(self, specification: Mapping[str, Any], arguments: Mapping[str, Any], *, check_mode: bool) -> None:
        self.check_mode = check_mode
        rules = {key: value for key, value in specification.items() if key != "supports_check_mode"}
        validated = ArgumentSpecValidator(**rules).validate(plain(arguments))
        self.params: dict[str, Any] = validated.validated_parameters
        self._secrets: set[str] = validated._no_log_values
        if validated.error_messages:
            self.fail_json(msg=f"DR-INPUT: {'; '.join(validated.error_messages)}", error_code="DR-INPUT")

    def exit_json(self, **results: Any) -> NoReturn:
        raise Ended(remove_values({"changed": False, **results}, self._secrets))

    def fail_json(self, msg: str, **results: Any) -> NoReturn:
        raise Ended(remove_values({"changed": False, **results, "msg": msg, "failed": True}, self._secrets))


class RunsHere(ActionBase):
    """An action that runs its module here when it can, and packed and sent, as any module, when it cannot."""

    SPECIFICATION: ClassVar[Mapping[str, Any]]
    LIBRARIES: ClassVar[Sequence[str]] = ()
    MODULE: ClassVar[Callable[[Any], None]]

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        if not self.is_for_here():
            execute: Any = self._execute_module
            return {**result, **execute(task_vars=task_vars)}
        try:
            module = ModuleHere(self.SPECIFICATION, self._task.args, check_mode=bool(self._task.check_mode))
            type(self).MODULE(module)
        except Ended as ended:
            return {**result, **ended.result}
        raise AssertionError(f"{self._task.action} ended without a result")

    def is_for_here(self) -> bool:
        """On the controller, as the same user, with every library that the module needs."""
        is_local = getattr(self._connection, "transport", None) == "local" and not self._task.become
        return is_local and all(importlib.util.find_spec(name) for name in self.LIBRARIES)
