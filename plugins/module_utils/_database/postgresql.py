# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""PostgreSQL as a database engine of this host."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import (
    STANDBY_SIGNAL,
    Cluster,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_observation import (
    absent,
    observe_running,
    observe_stopped,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_promotion import promote
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_rejoin import Rejoin
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import (
    Session,
    open_session,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_timeline import (
    REWIND,
    Return,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_upstream import (
    ancestry,
    ask_upstream,
    ensure_slot,
    identify,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import DOWN, Database, Upstream
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import FenceError, RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn

LOCAL_SECONDS = 10.0


class PostgreSQL(Database):
    """Runs as the owner of the data directory and speaks to the server through its socket as that role."""

    NAME = "postgresql"
    OPTIONS = {
        "version": {"type": "int", "required": True},
        "cluster": {"type": "str"},
        "port": {"type": "int"},
        "database": {"type": "str"},
        "stanza": {"type": "str"},
        "data_directory": {"type": "path"},
        "configuration_directory": {"type": "path"},
        "socket_directory": {"type": "path"},
    }

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.cluster = Cluster.from_options(options)

    def local_session(self) -> Session:
        return open_session(host=self.cluster.socket_directory, port=self.cluster.port, user="postgres")

    def observe(self) -> dict[str, Any]:
        if not self.cluster.exists:
            return absent()
        control = self.cluster.control_data(Deadline(LOCAL_SECONDS))
        if self.cluster.postmaster() is None:
            return observe_stopped(self.cluster, control)
        with self.local_session() as session:
            return observe_running(self.cluster, session, control)

    def promote(self, deadline: Deadline) -> dict[str, Any]:
        with self.local_session() as session:
            return promote(session, deadline)

    def upstream_state(self, upstream: Upstream) -> dict[str, Any]:
        with ask_upstream(upstream) as session:
            return identify(session)

    def rejoin(self, upstream: Upstream, *, how: str, aside: str, deadline: Deadline) -> dict[str, Any]:
        rejoin = Rejoin(self.cluster, upstream, aside=aside, deadline=deadline)
        with ask_upstream(upstream) as session:
            identity = identify(session)
            history = ancestry(session, identity["timeline"])
            made_slot = ensure_slot(session, upstream.slot)
        self.cluster.stop(deadline)
        chosen = rejoin.decide(how, identity, history)
        way = self.return_by(rejoin, chosen, may_clone=how == "auto")
        seen = self.wait_streaming(upstream, identity, deadline)
        return {
            "way": way,
            "reason": chosen.reason,
            "notes": rejoin.notes,
            "slot_made": made_slot,
            "upstream": {"host": upstream.host, "port": upstream.port, **identity},
            "proof": seen,
            "slots_dropped": self.drop_unused_slots(),
        }

    def return_by(self, rejoin: Rejoin, chosen: Return, *, may_clone: bool) -> str:
        """Prepare and start; a rewind that does not work out may end in a clone, never in an unchecked start."""
        try:
            way = rejoin.prepare(chosen)
        except RecoveryError as error:
            if chosen.way != REWIND or not may_clone:
                raise
            rejoin.notes.append(f"the rewind failed: {error.cause}")
            way = rejoin.prepare(Return("clone", "the rewind failed"))
        self.cluster.start(rejoin.deadline)
        return way

    def wait_streaming(self, upstream: Upstream, identity: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
        """Streaming, on the upstream's timeline, of its system, and past where it stood when we asked."""
        return deadline.wait_until(
            f"see {self.cluster.label} follow {upstream.host}",
            self.following,
            lambda seen: is_following(seen, identity),
            every_seconds=0.05,
            next_action="See its log; nothing else was changed since it was started as a standby",
        )

    def following(self) -> dict[str, Any]:
        """The part of the observation that proves following; a server that is not ready yet is an observation too."""
        try:
            seen = self.observe()
        except RecoveryError as error:
            return {"state": "starting", "cause": error.cause}
        keys = ("state", "system_identifier", "timeline", "replayed_lsn", "receiver")
        return {key: seen.get(key) for key in keys}

    def drop_unused_slots(self) -> list[str]:
        """Slots of its time as a primary: nobody will use them here, and they would keep the log for ever."""
        with self.local_session() as session:
            unused = session.rows(
                "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active ORDER BY 1"
            )
            for slot in unused:
                session.rows("SELECT pg_drop_replication_slot(%s)", (slot["slot_name"],))
        return [slot["slot_name"] for slot in unused]

    def selected_texts(self, query: str, since: datetime) -> set[str]:
        application = self.options.get("database") or "postgres"
        with open_session(
            host=self.cluster.socket_directory, port=self.cluster.port, user="postgres", database=application
        ) as session:
            session.rows("SET default_transaction_read_only = on")
            rows = session.rows(query, (since,) if "%s" in query else ())
        return {str(next(iter(row.values()))) for row in rows}

    def service_state(self) -> dict[str, Any]:
        cluster = self.cluster
        runs, mode, signals = cluster.postmaster() is not None, cluster.start_mode(), cluster.signals()
        control = cluster.control_data(Deadline(LOCAL_SECONDS)) if cluster.exists else None
        return {
            # A data directory that is not there cannot write either.
            "fenced": not runs and (control is None or (mode != "auto" and STANDBY_SIGNAL in signals)),
            "runs": runs,
            "start_at_boot": mode,
            "signals": signals,
            "control": asdict(control) if control else None,
        }

    def cut_off(self, deadline: Deadline) -> None:
        """Its start first, then the server, then what would let it come up writable: a crash in between stays safe."""
        self.cluster.keep_before_fence()
        self.cluster.set_start_mode("manual")
        self.cluster.stop_for_certain(deadline)
        if self.cluster.exists:
            self.cluster.write_standby_signal()

    def release(self, deadline: Deadline) -> None:
        """The configuration as it was before; whoever wants the server back starts it, as what it should be."""
        kept = self.cluster.take_kept()
        if kept is None:
            raise FenceError(
                f"release {self.cluster.label}",
                cause="it is down, but not by a fence of this kind",
                next_action="Let it rejoin as a standby instead",
            )
        self.cluster.set_start_mode(kept["start_mode"])
        if STANDBY_SIGNAL not in kept["signals"]:
            self.cluster.remove_signals()


def is_following(seen: dict[str, Any], identity: dict[str, Any]) -> bool:
    """Whether an observation proves that the server follows the identified primary."""
    receiver = seen.get("receiver") or {}
    return bool(
        seen.get("state") not in (DOWN, "starting")
        and seen.get("system_identifier") == identity["system_identifier"]
        and receiver.get("status") == "streaming"
        and receiver.get("timeline") == identity["timeline"]
        and seen.get("replayed_lsn")
        and parse_lsn(seen["replayed_lsn"]) >= parse_lsn(identity["lsn"])
    )
