# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Running the host program over Ansible's own connections, built from what the inventory says of a host."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from ansible import constants
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import become_loader, connection_loader

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, ToolError

# Ansible publishes no types for these.
NEW_CONTEXT: Any = PlayContext
CONNECTIONS: Any = connection_loader
BECOMES: Any = become_loader
CONFIGURATION: Any = constants.config
# What stands below uses what stands above.
PARTS = ("host_dead_man.py", "host_database.py", "host_pooler.py", "host_program.py")


class Shell(Protocol):
    """Something that runs a verb of the host program on one host."""

    @property
    def host(self) -> str:
        """Its name in the inventory."""

    def call(self, verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The verb's answer; a failure is a ToolError."""


@cache
def program() -> str:
    """The parts of the host program as one text, without the imports by which they know each other."""
    trees = [ast.parse(Path(__file__).with_name(part).read_text(encoding="utf-8")) for part in PARTS]
    statements = [statement for tree in trees for statement in tree.body if not _is_own_import(statement)]
    return f"from __future__ import annotations\n{ast.unparse(ast.Module(statements, []))}"


def _is_own_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(("__future__", "ansible_"))


def program_with(verb: str, parameters: dict[str, Any]) -> bytes:
    """The program and its call as one text for stdin: nothing of it shows in a process list."""
    call = json.dumps({"verb": verb, **parameters})
    return f"{program()}\n\nanswer({call!r})\n".encode()


def read_answer(host: str, verb: str, rc: int, stdout: bytes, stderr: bytes) -> dict[str, Any]:
    """The answer, or a ToolError that says what came instead."""
    said = (stdout + b" " + stderr).decode(errors="backslashreplace").strip()[-800:]
    try:
        answer: dict[str, Any] = json.loads(stdout.decode().strip().splitlines()[-1])
    except (ValueError, IndexError):
        answer = {"ok": False, "cause": f"no answer, exit code {rc}: {said or 'it said nothing'}"}
    if rc != 0 or not answer.pop("ok", False):
        raise ToolError(
            f"do {verb.replace('_', ' ')} on {host}",
            cause=str(answer.get("cause") or f"exit code {rc}: {said}"),
            next_action="See that host; what was begun is put back",
        )
    return answer


class AnsibleShell:
    """One host's connection with privilege escalation; opened once, used for every call."""

    def __init__(self, host: str, variables: Mapping[str, Any], *, become_user: str) -> None:
        self.host = host
        self.python = str(variables.get("ansible_python_interpreter") or "/usr/bin/python3")
        kind = str(variables.get("ansible_connection") or "ssh")
        self.connection: Any = CONNECTIONS.get(kind, NEW_CONTEXT())
        if self.connection is None:
            raise PreconditionError(
                f"reach {host}",
                cause=f"the connection {kind} is not known",
                next_action="Correct ansible_connection of this host",
            )
        self.connection.set_options(var_options=option_variables("connection", self.connection._load_name, variables))
        self.connection.set_become_plugin(self.escalation(variables, become_user))

    def escalation(self, variables: Mapping[str, Any], user: str) -> Any:
        name = str(variables.get("ansible_become_method") or "sudo")
        become = BECOMES.get(name)
        become.set_options(
            var_options={**option_variables("become", become._load_name, variables), "ansible_become_user": user}
        )
        return become

    def call(self, verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        command = self.connection.become.build_become_command(f"{self.python} -", self.connection._shell)
        try:
            rc, stdout, stderr = self.connection.exec_command(command, in_data=program_with(verb, parameters))
        except Exception as error:
            raise PreconditionError(
                f"do {verb.replace('_', ' ')} on {self.host}",
                cause=str(error),
                next_action="See whether that host answers",
            ) from error
        return read_answer(self.host, verb, rc, stdout, stderr)


def option_variables(kind: str, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a host that are options of this plugin; read here, because reading may template them."""
    definitions = CONFIGURATION.get_configuration_definitions(kind, name)
    names = {entry["name"] for definition in definitions.values() for entry in definition.get("vars", [])}
    return {name: variables[name] for name in sorted(names) if name in variables}
