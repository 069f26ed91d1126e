# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records on PostgreSQL: the same schema, the same exclusion."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.integration.servers.postgresql import postgresql

from gogidix_recovery_runner.database.events import Events
from gogidix_recovery_runner.database.models import Base, Run
from gogidix_recovery_runner.database.runs import Runs, now
from gogidix_recovery_runner.database.session import Database
from gogidix_recovery_runner.errors import Busy
from gogidix_recovery_runner.run_state import RunStatus
from gogidix_recovery_runner.service import new_run_id


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with postgresql() as server:
        database = Database(f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/postgres")
        database.migrate()
        yield database
        database.close()


def a_run() -> Run:
    return Run(
        id=new_run_id(),
        plan="failover",
        inventory="two_sites",
        group_name="shop",
        environment="lab",
        check_mode=False,
        parameters={"a": ["b"]},
        status=RunStatus.QUEUED,
        verdict="not_run",
        trigger="api",
        executor="local",
        requested_by="ada",
        queued_at=now(),
        last_event=0,
        events_offset=0,
    )


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_of_many_at_once_exactly_one_gets_the_group_and_its_end_frees_it(database: Database) -> None:
    runs = Runs(database)

    def attempt(_number: int) -> Run | None:
        try:
            return runs.create(a_run(), ["group:shop", "site:a"], lambda: None)[0]
        except Busy:
            return None

    with ThreadPoolExecutor(6) as pool:
        (holder,) = [run for run in pool.map(attempt, range(18)) if run]
    runs.change(holder.id, {}, to=RunStatus.RUNNING)
    event = {"counter": 1, "uuid": "u", "event": "playbook_on_start", "created": "2026-01-01T00:00:00+00:00"}
    Events(database).add(holder.id, [event], offset=100)
    assert [row.counter for row in Events(database).after(holder.id, 0, 10)] == [1]
    assert runs.get(holder.id).queued_at == holder.queued_at
    runs.change(holder.id, {"report": {"rto": {"achieved_seconds": 1}}}, to=RunStatus.SUCCEEDED)
    assert runs.locks_of(holder.id) == []
    assert attempt(0) is not None
