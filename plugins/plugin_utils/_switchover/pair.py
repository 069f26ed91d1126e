# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One database pair in a switchover: what is asked of it and done to it, over connections opened beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import Cluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_promotion import (
    AFTER,
    WRITE_PROBE,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import (
    Session,
    open_session,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_settings import (
    put_back,
    set_aside,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    InputError,
    PreconditionError,
    RecoveryError,
    TimelineError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import Shell
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.slot import Slot
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.standing import (
    SILENT,
    STANDING,
    objections,
    require_same_story,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.waiting_stop import WaitingStop

CAUGHT_UP = "SELECT pg_last_wal_replay_lsn()::text AS lsn, pg_last_wal_replay_lsn() > %s::pg_lsn AS caught_up"
# The guard stands in the statement itself: a controller that was frozen cannot promote after its time.
PROMOTE = """
SELECT CASE WHEN clock_timestamp() < %s::timestamptz + %s * interval '1 second' THEN pg_promote(false) END AS ordered
"""


@dataclass(frozen=True)
class Place:
    """One side of a pair: its host in the inventory, and where its database listens."""

    host: str
    address: str
    port: int


@dataclass(frozen=True)
class Login:
    """The role that asks and promotes."""

    user: str
    password: str = field(repr=False)

    def at(self, place: Place) -> dict[str, Any]:
        return {"host": place.address, "port": place.port, "user": self.user, "password": self.password}


@dataclass
class Pair:
    """Everything about one pair; ``prepare`` opens, the verbs act, ``close`` closes."""

    name: str
    cluster: Cluster
    system_identifier: str
    source: Place
    target: Place
    login: Login
    shell: Shell
    run_id: str
    seconds: float
    before: dict[str, Any] = field(default_factory=dict)
    stopped: dict[str, Any] = field(default_factory=dict)
    # Unknown until it was armed; what is not known is not put back.
    start_mode: str = ""
    clock: str = ""
    sessions: list[Session] = field(default_factory=list)
    promotion_ordered: bool = False
    source_error: RecoveryError | None = None
    stop: WaitingStop | None = None
    slot: Slot | None = None

    @property
    def application(self) -> str:
        return f"recovery_switchover_{self.run_id}"[:60]

    def open(self) -> None:
        """Both sides; a source that does not answer is an observation, for it may have been switched before."""
        target = self.session_at(self.target)
        self.sessions = [target]
        try:
            self.sessions.insert(0, self.session_at(self.source))
        except RecoveryError as error:
            self.source_error = error

    def session_at(self, place: Place) -> Session:
        return open_session(
            host=place.address,
            port=place.port,
            user=self.login.user,
            password=self.login.password,
            application=self.application,
            statement_seconds=max(30.0, self.seconds),
        )

    @property
    def stop_application(self) -> str:
        return f"recovery_stop_{self.run_id}"[:60]

    @property
    def source_session(self) -> Session:
        return self.sessions[0]

    @property
    def target_session(self) -> Session:
        return self.sessions[-1]

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        self.sessions = []

    def observe(self) -> dict[str, Any]:
        """Both sides as they are."""
        target = self.target_session.row(STANDING)
        source = SILENT if self.source_error else self.source_session.row(STANDING)
        self.before = {"source": source, "target": target}
        return self.before

    def require_ready(self) -> None:
        """Streaming, one timeline, the system of the inventory, and not far behind."""
        if self.source_error:
            raise self.source_error
        source, target = self.before["source"], self.before["target"]
        self.require_same_story(source, target)
        found = objections(self.source.host, source, self.target.host, target)
        if found:
            raise PreconditionError(
                f"switch {self.name} over",
                cause="; ".join(found),
                next_action="Repair the replication, then run again",
                evidence={"before": self.before},
            )

    def require_same_story(self, *sides: Mapping[str, Any]) -> None:
        require_same_story(self.name, self.system_identifier, *sides, evidence=self.before)

    def prepare_checkpoint(self, session: Session) -> None:
        """What is written now need not be written inside the pause."""
        session.rows("CHECKPOINT")

    def hold_slot(self) -> None:
        """On the future primary, so that nothing the old one will need is recycled."""
        slot = Slot.of(self.source.host, self.target_session)
        slot.hold()
        self.slot = slot

    def keep_slot(self) -> None:
        if self.slot:
            self.slot.keep()

    def host_parameters(self) -> dict[str, Any]:
        cluster = self.cluster
        return {
            "run_id": self.run_id,
            "name": self.name,
            "state_directory": cluster.socket_directory,
            "socket_directory": cluster.socket_directory,
            "binary_directory": cluster.binary_directory,
            "data_directory": str(cluster.data_directory),
            "configuration_directory": str(cluster.configuration_directory),
            "version": cluster.version,
            "cluster": cluster.name,
            "port": cluster.port,
            "start_mode": self.start_mode,
            "application": self.application,
            "stop_application": self.stop_application,
        }

    def arm(self, dead_man_seconds: float) -> None:
        """The guard's clock is read first, so that the guard always ends before the dead-man acts."""
        self.clock = self.target_session.value("SELECT clock_timestamp()::text")
        given = {**self.host_parameters(), "deadline_seconds": dead_man_seconds, "peer": self.login.at(self.target)}
        self.start_mode = self.shell.call("database_arm", given)["start_mode"]

    def quicken(self) -> None:
        set_aside(self.target_session)

    def ready_stop(self, seconds: float) -> None:
        """Start the stop on the old primary's host; it waits there, connected, for the word."""
        host, session = self.source.host, self.source_session
        self.stop = WaitingStop.begin(host, self.stop_application, session, self.shell, self.host_parameters(), seconds)
        self.stop.wait_ready()

    def stop_source(self) -> None:
        if self.stop is None:
            raise InputError("stop the source", cause="it was not made ready", next_action="Call ready_stop first")
        self.stopped = self.stop.act()
        self.require_same_story(self.stopped, self.before["target"])

    def wait_caught_up(self, deadline: Deadline) -> None:
        """The standby has replayed the shutdown checkpoint: nothing that was acknowledged is missing."""
        deadline.wait_until(
            f"see {self.target.host} replay the last record of {self.source.host}",
            lambda: self.target_session.row(CAUGHT_UP, (self.stopped["checkpoint_lsn"],)),
            lambda seen: bool(seen["caught_up"]),
            every_seconds=0.002,
            next_action="See the log of the standby; the old primary is started again",
        )

    def order_promotion(self) -> None:
        ordered = self.target_session.value(PROMOTE, (self.clock, self.seconds))
        if ordered is None:
            raise DeadlineError(
                f"promote {self.target.host}",
                cause=f"the {self.seconds:g} s of the pause were over",
                next_action="Find out what took so long, then run again",
            )
        self.promotion_ordered = True

    def wait_promoted(self, deadline: Deadline) -> None:
        deadline.wait_until(
            f"see {self.target.host} become the primary",
            lambda: "in recovery" if self.target_session.value("SELECT pg_is_in_recovery()") else "primary",
            lambda seen: seen == "primary",
            every_seconds=0.001,
            next_action="See its log: the order stands, it will still be promoted when it can",
        )

    def prove(self) -> dict[str, Any]:
        """It writes, on the next timeline, as the same system, from after the last record of the old primary."""
        self.target_session.rows(WRITE_PROBE)
        after = self.target_session.row(AFTER)
        expected = self.before["target"]["timeline"] + 1
        if after["system_identifier"] != self.system_identifier or after["timeline"] != expected:
            raise TimelineError(
                f"prove the promotion of {self.target.host}",
                cause=f"it is system {after['system_identifier']} on timeline {after['timeline']}, expected {expected}",
                next_action="Look at both databases by hand before anything else is done",
                data_state="unknown",
                retry_safe=False,
            )
        return after

    def put_settings_back(self) -> None:
        """On a fresh connection: the dead-man ends the one that could promote."""
        with self.session_at(self.target) as session:
            put_back(session)

    def disarm(self) -> dict[str, Any]:
        return self.shell.call("disarm", self.host_parameters())

    def finish(self) -> dict[str, Any]:
        """The old primary stays down and fenced."""
        return self.disarm()

    def give_back(self) -> dict[str, Any]:
        """The old primary as it was; only while the target was certainly not told to promote."""
        if self.stop:
            self.stop.give_up()
        outcome = self.disarm()
        if outcome["disarmed"]:
            outcome.update(self.shell.call("database_give_back", self.host_parameters()))
        return outcome

    def wait_source_writes(self, deadline: Deadline) -> None:
        """After it was given back: seen from here, on the address that the poolers use."""
        deadline.wait_until(
            f"see {self.source.host} write again",
            self.source_writes,
            lambda seen: seen is True,
            every_seconds=0.05,
            next_action="Start it by hand: it is the only primary",
        )

    def source_writes(self) -> Any:
        try:
            with self.session_at(self.source) as session:
                return not session.value("SELECT pg_is_in_recovery()")
        except RecoveryError as error:
            return error.cause
