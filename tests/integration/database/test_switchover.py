# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switchover against a real pair and a real pooler on loopback, and what happens when its author dies inside it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import pytest
from tests.integration.database.conftest import PASSWORD
from tests.integration.servers.postgresql import as_postgres
from tests.integration.servers.process import free_port, wait_until

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_console import (
    PoolerAddress,
    PoolerConsole,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_view import PooledDatabase
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import Cluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import DeadlineError, PoolerError
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pair import Login, Pair, Place
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.pooler import Pooler
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.sequence import Switchover
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.shell import (
    program_with,
    read_answer,
)

POOLER = """
%include {root}/databases.ini
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
logfile = {root}/pgbouncer.log
pidfile = {root}/pgbouncer.pid
auth_type = plain
auth_file = {root}/userlist.txt
admin_users = recovery
pool_mode = transaction
min_pool_size = 4
server_login_retry = 5
"""

wait_for = partial(wait_until, seconds=30)


@dataclass(frozen=True)
class LocalShell:
    """This machine as the host, through the same program."""

    host: str

    def call(self, verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        argv = ["runuser", "-u", "postgres", "--", "/usr/bin/python3", "-"]
        done = subprocess.run(argv, input=program_with(verb, parameters), capture_output=True, check=False, cwd="/")
        return read_answer(self.host, verb, done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class PoolerServer:
    """A real PgBouncer before the primary."""

    root: Path
    port: int

    @property
    def console(self) -> PoolerConsole:
        return PoolerConsole(PoolerAddress("127.0.0.1", self.port, "recovery", PASSWORD))

    def client(self) -> Any:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="shop", password=PASSWORD, dbname="shop", connect_timeout=10
        )
        connection.autocommit = True
        return connection

    def answers(self) -> bool:
        try:
            return bool(self.entry())
        except PoolerError:
            return False

    def entry(self) -> tuple[int, bool]:
        seen = self.shown()
        return seen.port, seen.paused

    def shown(self) -> PooledDatabase:
        with self.console as console:
            return console.database("shop", Deadline(2))

    def is_as_before_but(self, port: int) -> bool:
        """Whether only the server of its entry is another one, in its file and for itself."""
        seen = self.shown()
        is_whole = "min_pool_size" not in (self.root / "databases.ini").read_text()
        left = list(self.root.glob("databases.ini.*"))
        return is_whole and not left and (seen.port, seen.paused, seen.opens_ahead) == (port, False, 4)


@pytest.fixture
def pooler(pair: Any) -> Iterator[PoolerServer]:
    root, port = pair.primary.root, free_port()
    server = PoolerServer(root, port)
    entry = f"[databases]\nshop = host=127.0.0.1 port={pair.primary.port} dbname=postgres\n"
    for name, text in (
        ("pgbouncer.ini", POOLER.format(root=root, port=port)),
        ("databases.ini", entry),
        ("userlist.txt", f'"shop" "{PASSWORD}"\n"recovery" "{PASSWORD}"\n'),
    ):
        as_postgres("tee", str(root / name), stdin=text)
    as_postgres("/usr/sbin/pgbouncer", "-q", "-d", str(root / "pgbouncer.ini"))
    wait_for("the pooler answers", server.answers)
    yield server
    pid = (root / "pgbouncer.pid").read_text().strip()
    print((root / "pgbouncer.log").read_text())
    subprocess.run(["kill", "-KILL", pid], check=True)


@pytest.fixture
def switchover(pair: Any, pooler: PoolerServer) -> Iterator[Switchover]:
    source, target = pair.primary, pair.standby
    one = Pair(
        name="orders",
        cluster=Cluster.from_options(source.engine["postgresql"]),
        system_identifier=pair.system_identifier,
        source=Place("fra-db1", "127.0.0.1", source.port),
        target=Place("dub-db1", "127.0.0.1", target.port),
        login=Login("recovery", PASSWORD),
        shell=LocalShell("fra-db1"),
        run_id="run1",
        seconds=4,
    )
    before = Pooler(
        pair=one,
        entry="shop",
        databases_file=str(pooler.root / "databases.ini"),
        console=pooler.console,
        shell=LocalShell("fra-proxy1"),
        run_id="run1",
        state_directory=str(pooler.root),
    )
    switch = Switchover(
        pairs=[one],
        poolers=[before],
        group="storefront",
        sites={"fra-db1": "frankfurt"},
        run_id="run1",
        seconds=4,
        valid_seconds=60,
    )
    switch.observe()
    switch.require_ready()
    yield switch
    for item in switch.everything:
        item.close()
    # It writes down what it did when all of it is done, and may do so after what a test waited for.
    wait_for("the end of each dead-man", lambda: not any(pooler.root.glob("recovery-switchover-*.armed")))
    done = list(pooler.root.glob("recovery-switchover-*.fired"))
    wait_for("what each dead-man did", lambda: all("outcome" in each.read_text() for each in done))


def write(client: Any, number: int) -> None:
    with client.cursor() as cursor:
        cursor.execute("INSERT INTO entry VALUES (%s, 'x')", (number,))


def test_a_client_writes_on_as_if_nothing_had_happened(pair: Any, pooler: Any, switchover: Switchover) -> None:
    client = pooler.client()
    write(client, 1)
    seen = switchover.run()
    write(client, 2)
    assert pair.standby.sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM entry") == "1,2"
    assert seen["after"]["orders"]["timeline"] == 2
    assert switchover.fence_proofs(is_rehearsed=False)["orders"]["level"] == 2
    # What the old primary will need to follow is kept for it.
    assert seen["notes"] == []
    kept = "SELECT slot_name FROM pg_replication_slots WHERE restart_lsn IS NOT NULL AND NOT temporary"
    assert pair.standby.sql(kept) == "fra_db1"
    wait_for("the old primary's end", lambda: not pair.primary.runs())
    assert (pair.primary.data / "standby.signal").exists()
    assert "manual" in (pair.primary.configuration / "start.conf").read_text()
    assert pooler.is_as_before_but(pair.standby.port)
    assert "cp" in pair.standby.sql("SHOW restore_command")
    assert not list(pooler.root.glob("recovery-switchover-*"))


def later(act: Callable[..., Any]) -> Callable[..., Any]:
    """The same after a second: what must not happen meanwhile cannot be waited for."""

    def act_later(*given: Any) -> Any:
        time.sleep(1)
        return act(*given)

    return act_later


@pytest.mark.parametrize("of_its_own", ["", " min_pool_size=4"], ids=["as all do", "by its entry"])
def test_a_pooler_that_opens_connections_ahead_turns_nobody_away_however_long_it_takes(
    pair: Any, pooler: Any, switchover: Switchover, of_its_own: str
) -> None:
    """It looks three times a second whether its pool is full, also in the pause, and would take what the pause closes
    for a server that fails."""
    file, console, one = pooler.root / "databases.ini", switchover.poolers[0].console, switchover.pairs[0]
    said = f"[databases]\nshop = host=127.0.0.1 port={{}} dbname=postgres{of_its_own}\n"
    file.write_text(said.format(pair.primary.port))
    console.reload(Deadline(2))
    client = pooler.client()
    write(client, 1)
    with (
        patch.object(one, "wait_caught_up", later(one.wait_caught_up)),
        patch.object(console, "resume", later(console.resume)),
    ):
        switchover.run()
    write(client, 2)
    assert pair.standby.sql("SELECT count(*) FROM entry") == "2"
    assert file.read_text() == said.format(pair.standby.port)
    assert pooler.shown().opens_ahead == 4


def test_a_pause_that_does_not_come_changes_nothing(pair: Any, pooler: Any, switchover: Switchover) -> None:
    client = pooler.client()
    with client.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO entry VALUES (1, 'open')")
        with pytest.raises(PoolerError, match="inside a transaction") as raised:
            switchover.run()
        cursor.execute("COMMIT")
    assert raised.value.data_state == "old_live"
    write(client, 2)
    assert pair.primary.sql("SELECT count(*) FROM entry") == "2"
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"
    assert pooler.is_as_before_but(pair.primary.port)
    assert "auto" in (pair.primary.configuration / "start.conf").read_text()


def die_after_the_stop(switchover: Switchover) -> None:
    """The steps up to the stop, and then nothing more: no resume, no disarm, no connection."""
    switchover.prepare()
    switchover.arm()
    switchover.poolers[0].pause(Deadline(2))
    switchover.pairs[0].stop_source()


def test_the_traffic_comes_back_by_itself_when_the_controller_dies_inside_the_pause(
    pair: Any, pooler: Any, switchover: Switchover
) -> None:
    die_after_the_stop(switchover)
    for item in switchover.everything:
        item.close()
    assert pooler.entry() == (pair.primary.port, True)
    client = pooler.client()
    write(client, 1)
    assert pair.primary.sql("SELECT count(*) FROM entry") == "1"
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"
    wait_for("the pooler as it was", lambda: pooler.is_as_before_but(pair.primary.port))
    wait_for("the settings", lambda: "cp" in pair.standby.sql("SHOW restore_command"))
    assert pair.standby.sql("SELECT count(*) FROM pg_replication_slots") == "0"


def test_a_controller_that_was_frozen_cannot_promote_any_more(pair: Any, pooler: Any, switchover: Switchover) -> None:
    die_after_the_stop(switchover)
    one = switchover.pairs[0]
    with one.session_at(one.target) as late:
        one.sessions[-1] = late
        late.connection.cursor().execute("SELECT pg_sleep(4.2)")
        with pytest.raises(DeadlineError, match="were over"):
            one.order_promotion()
    wait_for("the old primary", lambda: one.source_writes() is True)
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"
    wait_for("the traffic", lambda: pooler.is_as_before_but(pair.primary.port))


def test_a_promotion_that_was_ordered_is_kept_when_the_controller_dies_then(
    pair: Any, pooler: Any, switchover: Switchover
) -> None:
    die_after_the_stop(switchover)
    one = switchover.pairs[0]
    one.wait_caught_up(Deadline(5))
    one.order_promotion()
    for item in switchover.everything:
        item.close()
    client = pooler.client()
    write(client, 1)
    assert pair.standby.sql("SELECT count(*) FROM entry") == "1"
    wait_for("the pooler as it was", lambda: pooler.is_as_before_but(pair.standby.port))
    fired = pooler.root / "recovery-switchover-run1-orders.fired"
    wait_for("the dead-man", lambda: fired.exists() and "stays fenced" in fired.read_text())
    assert not pair.primary.runs()
