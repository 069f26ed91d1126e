# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The runtime API of HAProxy over its unix sockets, on the worker in charge and on those that still finish."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import BalancerError

ANSWER_SECONDS = 2.0
# Bits of srv_admin_state.
MAINTENANCE_BITS = 0x01 | 0x02 | 0x04 | 0x20 | 0x40
DRAIN_BITS = 0x08 | 0x10
RUNNING = "2"


@dataclass(frozen=True)
class ServerState:
    """One server of one backend, as one worker sees it."""

    backend: str
    server: str
    state: str
    up: bool
    address: str
    sessions: int = 0
    check: str = ""

    @property
    def key(self) -> str:
        return f"{self.backend}/{self.server}"

    def as_result(self) -> dict[str, Any]:
        return {
            "backend": self.backend,
            "server": self.server,
            "state": self.state,
            "up": self.up,
            "address": self.address,
            "sessions": self.sessions,
            "check": self.check,
        }


class RuntimeApi:
    """Commands to one HAProxy. A worker is addressed by the prefix that its master wants, the present one by none."""

    def __init__(self, path: str, master_path: str | None = None) -> None:
        self._path = path
        self._master_path = master_path

    def old_workers(self) -> list[str]:
        """With a master socket, the workers of before a reload that still have sessions."""
        if self._master_path is None:
            return []
        processes = _ask_master(self._master_path, "show proc")
        old = processes.partition("# old workers")[2].partition("# programs")[0]
        pids = [line.split()[0] for line in old.splitlines() if line and not line.startswith("#")]
        return [f"@!{pid} " for pid in pids if pid.isdigit()]

    def ask(self, command: str, worker: str = "") -> str:
        if worker and self._master_path is not None:
            return _ask_master(self._master_path, worker + command)
        return _ask(self._path, command)

    def lingering(self, worker: str) -> dict[str, list[str]]:
        """The sessions of an old worker by server. It refuses all commands about servers, but not about sessions."""
        found: dict[str, list[str]] = {}
        for line in self.ask("show sess", worker).splitlines():
            session = re.match(r"(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) ", line)
            if session is not None:
                found.setdefault(f"{session[2]}/{session[3]}", []).append(session[1])
        return found

    def order(self, command: str, worker: str = "") -> None:
        """A command whose only good answer is an empty one: HAProxy says "No such server." with a normal close."""
        reply = self.ask(command, worker).strip()
        if reply:
            raise BalancerError(
                f"run '{command}' on HAProxy at {self._path}",
                cause=f"it answered: {reply}",
                next_action="Look at the backends and servers that lb_failover_info shows",
                evidence={"command": command, "reply": reply},
            )

    def state_text(self) -> str:
        """What belongs into the server state file."""
        text = self.ask("show servers state")
        parse_state(text, f"HAProxy at {self._path}")
        return text.strip("\n") + "\n"

    def servers(self) -> dict[str, ServerState]:
        """Every server with its sessions and the last word of its health check."""
        known = parse_state(self.ask("show servers state"), f"HAProxy at {self._path}")
        statistics = _parse_statistics(self.ask("show stat -1 4 -1"))
        found = {}
        for key, server in known.items():
            row = statistics.get(key, {})
            found[key] = ServerState(
                server.backend,
                server.server,
                server.state,
                server.up,
                server.address,
                sessions=int(row.get("scur") or 0),
                check=row.get("check_status") or "",
            )
        return found


def parse_state(text: str, origin: str) -> dict[str, ServerState]:
    """The answer to C(show servers state), or a server state file: a version, a header, a line per server."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or lines[0].strip() != "1" or not lines[1].startswith("# be_id"):
        raise BalancerError(
            f"read the server states of {origin}",
            cause=f"they have an unknown form: {text.strip()[:200] or 'nothing'}",
            next_action="Check that the socket is HAProxy's, at level admin or operator",
        )
    columns = lines[1].lstrip("# ").split()
    found = {}
    for line in lines[2:]:
        row = dict(zip(columns, line.split(), strict=False))
        server = ServerState(
            row["be_name"],
            row["srv_name"],
            _state_of(int(row["srv_admin_state"])),
            row["srv_op_state"] == RUNNING,
            f"{row['srv_addr']}:{row.get('srv_port', '0')}",
        )
        found[server.key] = server
    return found


def state_file_of(configuration: str) -> str | None:
    """Where this configuration loads server states from at a reload; None when it does not."""
    loads = re.search(r"^\s*load-server-state-from-file\s+global\b", configuration, re.MULTILINE)
    named = re.search(r"^\s*server-state-file\s+(\S+)", configuration, re.MULTILINE)
    base = re.search(r"^\s*server-state-base\s+(\S+)", configuration, re.MULTILINE)
    if loads is None or named is None:
        return None
    path = named[1].strip("\"'")
    return path if path.startswith("/") or base is None else f"{base[1].rstrip('/')}/{path}"


def _state_of(admin_state: int) -> str:
    if admin_state & MAINTENANCE_BITS:
        return "maint"
    return "drain" if admin_state & DRAIN_BITS else "ready"


def _parse_statistics(text: str) -> dict[str, dict[str, str]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("# pxname"):
        return {}
    columns = lines[0].lstrip("# ").split(",")
    rows = [dict(zip(columns, line.split(","), strict=False)) for line in lines[1:]]
    return {f"{row['pxname']}/{row['svname']}": row for row in rows}


def _ask_master(path: str, command: str) -> str:
    """A master refuses for a moment while it starts over, as it does at every reload."""
    deadline = Deadline(ANSWER_SECONDS)
    while True:
        try:
            return _ask(path, command)
        except BalancerError as error:
            if not isinstance(error.__cause__, ConnectionError) or deadline.is_over:
                raise
            time.sleep(min(0.05, deadline.remaining))


def _ask(path: str, command: str) -> str:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
            connection.sendall(command.encode() + b"\n")
            # The master process answers without closing unless it hears that no more will come.
            connection.shutdown(socket.SHUT_WR)
            pieces = []
            while piece := connection.recv(65536):
                pieces.append(piece)
    except OSError as error:
        raise BalancerError(
            f"reach HAProxy at its socket {path}",
            cause="no answer in time" if isinstance(error, TimeoutError) else str(error.strerror or error),
            next_action="Check that HAProxy runs, that 'stats socket' in its configuration has this path and level "
            "admin, and that this user may open it",
            evidence={"socket": path},
        ) from error
    return b"".join(pieces).decode(errors="backslashreplace")
