# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records: exclusion, idempotency and transitions, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gogidix_recovery_runner.database.models import Base, Run
from gogidix_recovery_runner.database.runs import RunFilter, Runs, now
from gogidix_recovery_runner.database.session import Database
from gogidix_recovery_runner.errors import Busy, Conflict, KeyReused, NotFound
from gogidix_recovery_runner.run_state import RunStatus
from gogidix_recovery_runner.service import new_run_id


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/records.sqlite3")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def runs(database: Database) -> Runs:
    return Runs(database)


def a_run(key: str | None = None, fingerprint: str | None = None, actor: str = "ada") -> Run:
    return Run(
        id=new_run_id(),
        plan="failover",
        inventory="two_sites",
        group_name="shop",
        environment="lab",
        check_mode=False,
        parameters={},
        status=RunStatus.QUEUED,
        verdict="not_run",
        trigger="api",
        executor="local",
        requested_by=actor,
        idempotency_key=key,
        idempotency_hash=fingerprint,
        queued_at=now(),
        last_event=0,
        events_offset=0,
    )


def create(runs: Runs, run: Run, *resources: str) -> tuple[Run, bool]:
    return runs.create(run, list(resources), lambda: None)


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_of_many_at_once_exactly_one_gets_the_group(runs: Runs) -> None:
    def attempt(_number: int) -> bool:
        try:
            create(runs, a_run(), "group:shop", "site:a")
        except Busy as busy:
            return busy.extra["holder"] is None
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1
    assert len(runs.active()) == 1


def test_a_refused_run_leaves_nothing_behind(runs: Runs) -> None:
    holder, _created = create(runs, a_run(), "site:b")
    refused = a_run()
    with pytest.raises(Busy) as busy:
        create(runs, refused, "group:shop", "site:b")
    assert busy.value.extra["holder"]["id"] == holder.id
    with pytest.raises(NotFound):
        runs.get(refused.id)
    create(runs, a_run(), "group:shop")


def test_a_run_that_cannot_be_prepared_is_not_recorded(runs: Runs) -> None:
    def full() -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        runs.create(a_run(), ["group:shop"], full)
    assert runs.page(RunFilter(), before_id=None, limit=10) == []
    create(runs, a_run(), "group:shop")


def test_the_same_key_of_the_same_actor_is_the_same_run(runs: Runs) -> None:
    first, is_new = create(runs, a_run("k", "h"), "group:shop")
    again, is_new_again = create(runs, a_run("k", "h"), "group:shop")
    assert (is_new, is_new_again, again.id) == (True, False, first.id)
    with pytest.raises(KeyReused):
        create(runs, a_run("k", "other"), "group:shop")
    with pytest.raises(Busy):
        create(runs, a_run("k", "h", actor="grace"), "group:shop")


def test_locks_go_with_the_end_of_a_run_but_stay_with_a_lost_one(runs: Runs) -> None:
    for end, kept in ((RunStatus.FAILED, []), (RunStatus.LOST, ["group:shop"])):
        run, _created = create(runs, a_run(), "group:shop")
        runs.change(run.id, {}, to=RunStatus.RUNNING)
        runs.change(run.id, {}, to=end)
        assert runs.locks_of(run.id) == kept
    runs.acknowledge(run.id, "ada")
    assert runs.locks_of(run.id) == []
    assert runs.get(run.id).acknowledged_by == "ada"


def test_a_transition_that_the_table_does_not_know_is_refused(runs: Runs) -> None:
    run, _created = create(runs, a_run())
    with pytest.raises(Conflict):
        runs.change(run.id, {}, to=RunStatus.SUCCEEDED)
    assert runs.get(run.id).status == RunStatus.QUEUED


def test_only_a_lost_run_is_acknowledged_and_only_an_active_one_cancelled(runs: Runs) -> None:
    run, _created = create(runs, a_run())
    with pytest.raises(Conflict):
        runs.acknowledge(run.id, "ada")
    assert runs.request_cancel(run.id, "ada").status == RunStatus.CANCELLED
    with pytest.raises(Conflict):
        runs.request_cancel(run.id, "ada")


def test_instants_come_back_in_utc(runs: Runs) -> None:
    run, _created = create(runs, a_run())
    assert runs.get(run.id).queued_at == run.queued_at


def test_sqlite_keeps_a_write_ahead_log(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
