# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One pooler in a switchover: its console from here, its file and its dead-man through the shell of its host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_console import PoolerConsole
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PoolerError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pair import Pair, Place
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import Shell

CONSOLE_SECONDS = 2.0


@dataclass
class Pooler:
    """A pooler before one pair."""

    pair: Pair
    entry: str
    databases_file: str
    console: PoolerConsole
    shell: Shell
    run_id: str
    state_directory: str = "/run"
    before: dict[str, Any] = field(default_factory=dict)
    armed: bool = False

    @property
    def host(self) -> str:
        return self.shell.host

    def open(self) -> None:
        self.console.open()

    def close(self) -> None:
        self.console.close()

    def observe(self) -> dict[str, Any]:
        seen = self.console.database(self.entry, Deadline(CONSOLE_SECONDS))
        self.before = {"host": seen.host, "port": seen.port, "paused": seen.paused, "opens_ahead": seen.opens_ahead}
        return self.before

    def require_ready(self) -> None:
        """It serves the old primary now, and nobody holds it paused."""
        source = self.pair.source
        serves = (self.before["host"], self.before["port"])
        if serves != (source.address, source.port) or self.before["paused"]:
            paused = ", paused" if self.before["paused"] else ""
            raise PreconditionError(
                f"switch the pooler on {self.host}",
                cause=f"its entry {self.entry} points at {serves[0]}:{serves[1]}{paused}, "
                f"not at the primary {source.address}:{source.port}",
                next_action="Point it at the primary first",
                evidence={"before": self.before},
            )

    def serves(self, place: Place) -> bool:
        seen = self.console.database(self.entry, Deadline(CONSOLE_SECONDS))
        return (seen.host, seen.port) == (place.address, place.port)

    def host_parameters(self) -> dict[str, Any]:
        login, address = self.pair.login, self.console.address
        return {
            "run_id": self.run_id,
            "name": self.entry,
            "entry": self.entry,
            "state_directory": self.state_directory,
            "databases_file": self.databases_file,
            "opens_ahead": bool(self.before["opens_ahead"]),
            "source": login.at(self.pair.source),
            "target": login.at(self.pair.target),
            "console": {
                "host": address.host,
                "port": address.port,
                "user": address.user,
                "password": address.password,
                "database": "pgbouncer",
            },
        }

    def arm(self, dead_man_seconds: float) -> None:
        self.armed = True
        self.shell.call("pooler_arm", {**self.host_parameters(), "deadline_seconds": dead_man_seconds})

    def ease(self) -> None:
        """Before the pause: open nothing ahead any more, and try again at once.

        A paused entry still fills its pool. What it opens then is refused by the stopped primary, or closed again by
        the pause, and either is taken for a server that fails: clients are turned away, or wait the whole retry time.
        The next reload reads the file's own values again, which is why the entry itself, since it was armed and until
        the traffic flows, says that it opens nothing ahead.
        """
        for setting in ("min_pool_size", "server_login_retry"):
            self.console.run(f"SET {setting} = '0'", Deadline(CONSOLE_SECONDS))

    def pause(self, deadline: Deadline) -> None:
        self.console.pause(self.entry, deadline)

    def release(self) -> None:
        """Read the new file, see that it was read, let the traffic flow."""
        self.console.reload(Deadline(CONSOLE_SECONDS))
        target = self.pair.target
        seen = self.console.database(self.entry, Deadline(CONSOLE_SECONDS))
        self.console.resume(self.entry, Deadline(CONSOLE_SECONDS))
        if (seen.host, seen.port) != (target.address, target.port):
            raise PoolerError(
                f"repoint the pooler on {self.host}",
                cause=f"after the reload its entry {self.entry} points at {seen.host}:{seen.port}",
                next_action=f"See whether {self.databases_file} is the file it includes",
                data_state="new_live",
            )

    def finish(self) -> dict[str, Any]:
        """No dead-man any more, and the entry as it was but for its server."""
        outcome = self.shell.call("pooler_finish", self.host_parameters())
        if outcome.get("reload"):
            self.console.reload(Deadline(CONSOLE_SECONDS))
        return outcome

    def give_back(self) -> dict[str, Any]:
        """The old file, and traffic.

        What it eased ends with the reload, which therefore comes last, unless somebody told the pooler in between to
        read the new file.
        """
        outcome = self.shell.call("disarm", self.host_parameters()) if self.armed else {"disarmed": True}
        if self.armed and outcome["disarmed"]:
            self.shell.call("pooler_put_back", self.host_parameters())
        if not self.serves(self.pair.source):
            self.console.reload(Deadline(CONSOLE_SECONDS))
        self.console.resume(self.entry, Deadline(CONSOLE_SECONDS))
        self.console.reload(Deadline(CONSOLE_SECONDS))
        return outcome
