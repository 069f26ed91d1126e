# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""HAProxy: which servers of which backends take traffic, now and after a reload."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._haproxy_runtime import (
    RuntimeApi,
    ServerState,
    parse_state,
    state_file_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._kept_file import replace_file
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer.base import Balancer
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    BalancerError,
    DeadlineError,
    InputError,
    PreconditionError,
)

SHUT_SECONDS = 2.0


class HAProxy(Balancer):
    """One HAProxy, by its runtime API."""

    NAME = "haproxy"
    CONNECTION: dict[str, Any] = {
        "socket": {"type": "path", "required": True},
        "master_socket": {"type": "path"},
        "state_file": {"type": "path", "required": True},
        "configuration_file": {"type": "path"},
        "backends": {"type": "list", "elements": "str", "required": True},
        "servers": {"type": "list", "elements": "str"},
    }
    OPTIONS: dict[str, Any] = {
        **CONNECTION,
        "state": {"type": "str", "choices": ["ready", "drain", "maint"], "required": True},
        "drain_seconds": {"type": "float", "default": 5.0},
        "wait_until_up": {"type": "bool", "default": True},
    }

    def __init__(self, options: dict[str, Any], deadline: Deadline) -> None:
        self._options = options
        self._deadline = deadline
        self._api = RuntimeApi(options["socket"], options["master_socket"])
        self._state_file = Path(options["state_file"])
        self._measured: dict[str, Any] = {"sessions_shut": 0}

    def describe(self) -> Description:
        self._require_loading()
        kept = self._kept()
        shown: dict[str, dict[str, Any]] = {}
        for key, server in sorted(self._seen().items()):
            shown[key] = {"state": server.state, "after_reload": kept.get(key)}
            if self._waits:
                shown[key]["up"] = server.up
        return {"servers": shown}

    def plan(self, before: Description) -> Description:
        state = self._options["state"]
        wanted = {"state": state, "after_reload": state, **({"up": True} if self._waits else {})}
        return {"servers": {key: dict(wanted) for key in before["servers"]}}

    def apply(self, before: Description, after: Description) -> None:
        changing = [key for key, seen in before["servers"].items() if seen["state"] != after["servers"][key]["state"]]
        if self._options["state"] == "ready":
            if self._waits:
                self._prove({key: seen["state"] for key, seen in before["servers"].items()})
            self._set(changing, "ready")
        elif changing:
            self._set(changing, "drain")
            self._drain(changing)
            if self._options["state"] == "maint":
                self._set(changing, "maint")
        replace_file(self._state_file, self._api.state_text())

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"balancer": self.NAME, "before": before, "after": after, **self._measured}

    def results(self, after: Description) -> dict[str, Any]:
        shown = [{**server.as_result(), **after["servers"][key]} for key, server in sorted(self._seen().items())]
        return {"serving": {"servers": shown}, **self._measured}

    def observe(self) -> dict[str, Any]:
        kept = self._kept()
        found = self._seen()
        return {
            "serving": {
                "servers": [{**found[key].as_result(), "after_reload": kept.get(key)} for key in sorted(found)],
                "old_workers": len(self._api.old_workers()),
            }
        }

    @property
    def _waits(self) -> bool:
        """Whether being up is part of what is wanted: up or down means nothing for a server out of service."""
        return bool(self._options["state"] == "ready" and self._options["wait_until_up"])

    def _seen(self) -> dict[str, ServerState]:
        """The servers that are meant; their sessions add up over all workers."""
        meant = self._meant(self._api.servers())
        for worker in self._api.old_workers():
            for key, sessions in self._api.lingering(worker).items():
                if key in meant:
                    meant[key] = replace(meant[key], sessions=meant[key].sessions + len(sessions))
        return meant

    def _meant(self, present: dict[str, ServerState]) -> dict[str, ServerState]:
        backends, servers = self._options["backends"], self._options["servers"]
        known = {server.backend for server in present.values()}
        missing = [f"backend {name}" for name in backends if name not in known]
        meant = {
            key: server
            for key, server in present.items()
            if server.backend in backends and (servers is None or server.server in servers)
        }
        missing += [
            f"server {backend}/{name}"
            for backend in backends
            for name in servers or []
            if backend in known and f"{backend}/{name}" not in meant
        ]
        if missing or not meant:
            raise InputError(
                f"find {', '.join(missing) or 'any server'} in HAProxy at {self._options['socket']}",
                cause=f"No such server. It has {', '.join(sorted(present)) or 'none'}",
                next_action="Correct backends or servers",
            )
        return meant

    def _kept(self) -> dict[str, str]:
        """The states that a reload would restore; none without a file, as before the first change."""
        if not self._state_file.exists() or not self._state_file.stat().st_size:
            return {}
        found = parse_state(self._state_file.read_text(), str(self._state_file))
        return {key: server.state for key, server in found.items()}

    def _require_loading(self) -> None:
        """A state that the next reload forgets is no state."""
        if self._options["configuration_file"] is None:
            return
        path = Path(self._options["configuration_file"])
        try:
            loaded = state_file_of(path.read_text())
        except OSError as error:
            raise PreconditionError(
                f"read {path}", cause=str(error.strerror), next_action="Correct configuration_file"
            ) from error
        if loaded != str(self._state_file):
            raise PreconditionError(
                f"keep server states over a reload of HAProxy configured by {path}",
                cause=f"it loads them from {loaded or 'nowhere'}",
                next_action=f"Add 'server-state-file {self._state_file}' to its global section and "
                "'load-server-state-from-file global' to its defaults",
                code="DR-LB",
            )

    def _set(self, keys: list[str], state: str) -> None:
        for key in keys:
            self._api.order(f"set server {key} state {state}")

    def _prove(self, former: dict[str, str]) -> None:
        """Let health checks find the servers up before they take traffic; if not, they stay as they were.

        HAProxy believes a server that leaves maintenance to be up until a check fails, so it is told otherwise
        first; in drain it is checked and takes nothing new. A server without checks would never come up again
        and is believed.
        """
        leaving = [key for key, state in former.items() if state == "maint"]
        self._set(leaving, "drain")
        checked = [key for key, server in self._seen().items() if server.check]
        for key in set(leaving) & set(checked):
            self._api.order(f"set server {key} health down")
        try:
            self._wait_until_up(checked)
        except BalancerError:
            for key in leaving:
                self._set([key], former[key])
            raise

    def _drain(self, keys: list[str]) -> None:
        """Let sessions end by themselves for a while, then end them."""
        patience = Deadline(min(self._options["drain_seconds"], self._deadline.remaining))
        try:
            self._wait_for_sessions(keys, patience)
        except DeadlineError:
            self._measured["sessions_shut"] = sum(self._sessions(keys).values())
            self._shut(keys)
            self._wait_for_sessions(keys, Deadline(SHUT_SECONDS))

    def _shut(self, keys: list[str]) -> None:
        for key in keys:
            self._api.order(f"shutdown sessions server {key}")
        for worker in self._api.old_workers():
            for key, sessions in self._api.lingering(worker).items():
                for session in sessions if key in keys else []:
                    self._api.ask(f"shutdown session {session}", worker)

    def _sessions(self, keys: list[str]) -> dict[str, int]:
        return {key: server.sessions for key, server in self._seen().items() if key in keys and server.sessions}

    def _wait_for_sessions(self, keys: list[str], deadline: Deadline) -> None:
        deadline.wait_until(
            f"see the last session leave {', '.join(keys)}",
            lambda: self._sessions(keys),
            lambda sessions: not sessions,
            every_seconds=0.05,
            next_action="Look at 'show sess' on the socket; they take no new sessions meanwhile",
        )

    def _wait_until_up(self, keys: list[str]) -> None:
        try:
            self._deadline.wait_until(
                f"see {', '.join(keys)} up",
                lambda: {key: server.check for key, server in self._seen().items() if not server.up},
                lambda down: not down,
                every_seconds=0.05,
                next_action="Look at the application behind it",
            )
        except DeadlineError as error:
            raise BalancerError(
                error.what,
                cause=f"{error.cause} (the words of its health checks); the servers are as they were",
                next_action="Look at the application behind it, or do not wait until it is up",
            ) from error
