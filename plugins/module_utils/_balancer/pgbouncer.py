# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""PgBouncer: which server stands behind an entry, and whether its traffic flows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._kept_file import replace_file
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_console import (
    PoolerAddress,
    PoolerConsole,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_file import (
    EntryTarget,
    target_of,
    with_target,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_view import PooledDatabase
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.base import Balancer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    InputError,
    PoolerError,
    PreconditionError,
)


class PgBouncer(Balancer):
    """One entry of one PgBouncer on this host, by its databases file and its console."""

    NAME = "pgbouncer"
    CONNECTION: dict[str, Any] = {
        "host": {"type": "str", "default": "127.0.0.1"},
        "port": {"type": "int", "default": 6432},
        "admin_user": {"type": "str", "required": True},
        "admin_password": {"type": "str", "no_log": True},
        "databases_file": {"type": "path", "required": True},
        "entry": {"type": "str", "required": True},
    }
    OPTIONS: dict[str, Any] = {
        **CONNECTION,
        "database_host": {"type": "str"},
        "database_port": {"type": "int"},
        "database_name": {"type": "str"},
        "stage": {"type": "bool", "default": False},
        "drop_sessions": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["active", "paused"]},
    }

    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self._options = options
        self._deadline = deadline
        self._entry: str = options["entry"]
        self._file = Path(options["databases_file"])
        address = PoolerAddress(options["host"], options["port"], options["admin_user"], options["admin_password"])
        self._console = PoolerConsole(address, connect_seconds=min(2.0, deadline.seconds))
        self._require_sense()

    def describe(self) -> Description:
        served = self._served()
        return {
            "served": _as_description(EntryTarget(served.host, served.port, served.database)),
            "after_reload": _as_description(target_of(self._read_file(), self._entry)),
            "state": "paused" if served.paused else "active",
        }

    def plan(self, before: Description) -> Description:
        staged = {
            "host": self._options["database_host"] or before["after_reload"]["host"],
            "port": self._options["database_port"] or before["after_reload"]["port"],
            "database": self._options["database_name"] or before["after_reload"]["database"],
        }
        points = self._options["database_host"] is not None and not self._options["stage"]
        return {
            "served": staged if points else before["served"],
            "after_reload": staged,
            "state": self._options["state"] or before["state"],
        }

    def apply(self, before: Description, after: Description) -> None:
        with self._console:
            if before["after_reload"] != after["after_reload"]:
                target = EntryTarget(**after["after_reload"])
                replace_file(self._file, with_target(self._read_file(), self._entry, target))
            if before["served"] != after["served"]:
                self._repoint(before, after)
            if after["state"] == "paused" and before["state"] == "active":
                self._console.pause(self._entry, self._deadline)
            if after["state"] == "active" and before["state"] == "paused":
                self._console.resume(self._entry, self._deadline)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"balancer": self.NAME, "entry": self._entry, "before": before, "after": after}

    def results(self, after: Description) -> dict[str, Any]:
        return {"serving": {"entry": self._entry, **after}}

    def observe(self) -> dict[str, Any]:
        with self._console:
            clients = self._console.clients(self._deadline, database=self._entry)
            description = self.describe()
            return {
                "serving": {
                    "entry": self._entry,
                    **description,
                    "clients": len(clients),
                    "clients_in_transaction": sum(client.linked for client in clients),
                    "server_connections": self._served().connections,
                }
            }

    def _served(self) -> PooledDatabase:
        return self._console.database(self._entry, self._deadline)

    def _repoint(self, before: Description, after: Description) -> None:
        """Read the file again and see that it took; else put the former file back, so that both agree."""
        try:
            self._console.reload(self._deadline)
            self._deadline.wait_until(
                f"see {self._entry} point at {EntryTarget(**after['served'])}",
                lambda: self.describe()["served"],
                lambda served: served == after["served"],
                every_seconds=0.02,
                next_action="Look at the pooler's log",
            )
            if self._options["drop_sessions"]:
                self._console.kill(self._entry, self._deadline)
        except (PoolerError, DeadlineError) as error:
            former = EntryTarget(**before["after_reload"])
            replace_file(self._file, with_target(self._read_file(), self._entry, former))
            raise PoolerError(
                f"point {self._entry} at {EntryTarget(**after['served'])}",
                cause=f"{error.cause}; the databases file was put back",
                next_action=f"{error.next_action}; check that its configuration includes {self._file}",
                data_state="unknown",
            ) from error

    def _read_file(self) -> str:
        try:
            return self._file.read_text()
        except OSError as error:
            raise PreconditionError(
                f"read {self._file}",
                cause=str(error.strerror),
                next_action="Correct databases_file, and let the pooler's configuration include it",
                code="DR-POOL",
            ) from error

    def _require_sense(self) -> None:
        options = self._options
        host = options.get("database_host")
        if host is not None and not re.fullmatch(r"[A-Za-z0-9_.:/-]+", host):
            raise InputError(
                "read the option database_host",
                cause=f"{host!r} is no address, name or directory",
                next_action="Give the address of the database host",
            )
        if host is None and any(options.get(name) for name in ("database_port", "database_name", "stage")):
            raise InputError(
                "read the option database_host",
                cause="database_port, database_name or stage is given without it",
                next_action="Give database_host too",
            )


def _as_description(target: EntryTarget) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "database": target.database}
