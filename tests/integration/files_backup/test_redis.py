# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of an application: its volume and its Redis are of one moment, and it goes on however the backup ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.files_backup.sandbox import HOST, Sandbox
from tests.integration.servers.process import wait_until
from tests.integration.servers.redis import Redis, redis_server


@pytest.fixture
def redis(sandbox: Sandbox) -> Iterator[Redis]:
    directory = sandbox.root / "redis"
    directory.mkdir()
    with redis_server(directory, sandbox.root / "redis.sock") as server:
        server.ask("set", "basket:7", "teapot")
        yield server


def state_of(sandbox: Sandbox, redis: Redis, *, meanwhile: str = "true") -> Sandbox:
    """The volume and the data file, as the documentation describes them; what a test does while all is held still."""
    hold = f"{redis.program} client pause 60000 write && {redis.program} save && {meanwhile}"
    hooks = {"quiesce": ["sh", "-c", hold], "release": [*redis.program.split(), "client", "unpause"]}
    return sandbox.saying(
        kind="application_state", paths=[str(sandbox.source), str(redis.data_file)], hooks=hooks, on_change="fail"
    )


@contextmanager
def orders_coming_in(redis: Redis, volume: Path) -> Iterator[None]:
    """An application that never rests: each order is counted in Redis, and then written into the volume."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            (volume / "order").write_text(redis.ask("incr", "orders"))

    (volume / "order").touch()
    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        is_over.set()
        worker.join()


def test_the_volume_and_redis_are_of_one_moment_and_a_second_redis_reads_it(sandbox: Sandbox, redis: Redis) -> None:
    state = state_of(sandbox, redis)
    with orders_coming_in(redis, sandbox.source):
        wait_until("orders come in", lambda: int(redis.ask("get", "orders") or 0) > 5)
        record = state.backup()
        held_at = int(redis.ask("get", "orders"))
        wait_until("the application goes on", lambda: int(redis.ask("get", "orders")) > held_at + 5)
    assert record["is_consistent"]

    volume, _result = state.restore_beside("beside")
    beside = volume.parent / "redis"
    with redis_server(beside, sandbox.root / "second.sock") as second:
        assert second.ask("get", "basket:7") == "teapot"
        assert second.ask("get", "orders") == (volume / "order").read_text()
        assert int(second.ask("get", "orders")) <= held_at


@pytest.mark.parametrize("how", ["the repository is lost", "redis cannot save"])
def test_redis_is_released_when_the_backup_fails(sandbox: Sandbox, redis: Redis, how: str) -> None:
    if how == "the repository is lost":
        losing = state_of(sandbox, redis, meanwhile=f"rm -r {sandbox.repository}/keys")
        losing.fail("backup", "DR-KEY", strategy="full")
    else:
        redis.data_file.mkdir()
        failed = state_of(sandbox, redis).fail("backup", "DR-TOOL", strategy="full")
        assert "quiesce" in failed["msg"]
        assert sandbox.ids() == []
    redis.ask("set", "basket:7", "lamp")


def test_redis_comes_back_in_its_place_while_it_is_stopped(sandbox: Sandbox) -> None:
    directory = sandbox.root / "redis"
    directory.mkdir()
    with redis_server(directory, sandbox.root / "redis.sock") as server:
        server.ask("set", "basket:7", "teapot")
        state = state_of(sandbox, server)
        state.backup()
        server.ask("del", "basket:7")
        server.ask("save")
    state.succeed("restore", mode="in_place", confirm=HOST, select={"paths": [str(server.data_file)]})
    with redis_server(directory, sandbox.root / "redis.sock") as again:
        assert again.ask("get", "basket:7") == "teapot"
