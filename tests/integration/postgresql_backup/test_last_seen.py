# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository of pgBackRest that lost its newest backup is refused: an older copy of it is of the same system."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.postgresql_backup.conftest import MakeSandbox
from tests.integration.postgresql_backup.sandbox import Sandbox
from tests.integration.servers.mounts import contents
from tests.integration.servers.postgresql import as_postgres


@pytest.fixture(scope="module")
def cluster(make_sandbox: MakeSandbox) -> Sandbox:
    """A cluster with one backup and, beside its repository, an older copy of that."""
    sandbox = make_sandbox()
    # As the role protect does.
    as_postgres("mkdir", str(sandbox.trust))
    sandbox.succeed("backup", strategy="full")
    as_postgres("cp", "-a", str(sandbox.repository), str(older_copy(sandbox)))
    sandbox.succeed("backup", strategy="incremental")
    return sandbox


def older_copy(sandbox: Sandbox) -> Path:
    return sandbox.root / "repository-older"


@pytest.fixture
def taken_away(cluster: Sandbox) -> Iterator[Sandbox]:
    """The cluster without its repository, which is back, and accepted, when the test is over."""
    away = cluster.root / "repository-away"
    cluster.repository.rename(away)
    as_postgres("mkdir", str(cluster.repository))
    yield cluster
    shutil.rmtree(cluster.repository)
    away.rename(cluster.repository)
    assert len(cluster.succeed("backup_info")["backups"]) == 2


def require_refused(cluster: Sandbox) -> dict[str, Any]:
    """Nothing is read of it, nothing taken into it, and what is there is what was there."""
    before = contents(cluster.repository)
    for verb, options in (
        ("backup_info", {}),
        ("backup", {"strategy": "incremental"}),
        ("backup", {"strategy": "transaction_log"}),
        ("backup_retention", {"policy": {"keep_last": 1}}),
    ):
        error = cluster.fail(verb, "DR-REPO", **options)
        assert "was emptied, made anew, or replaced by an older copy" in error["cause"], error
        assert "remove" in error["next_action"]
    assert contents(cluster.repository) == before
    return error


def test_an_older_copy_in_the_place_of_a_repository_is_refused(taken_away: Sandbox) -> None:
    taken_away.repository.rmdir()
    as_postgres("cp", "-a", str(older_copy(taken_away)), str(taken_away.repository))
    error = require_refused(taken_away)
    # Only pgBackRest itself sees nothing wrong, and so would have built upon it.
    assert "status: ok" in taken_away.tool("info")
    # Whoever meant it says so.
    remembered = Path(error["next_action"].split()[-1])
    seen = remembered.read_text()
    remembered.unlink()
    assert len(taken_away.succeed("backup_info")["backups"]) == 1
    remembered.write_text(seen)


def test_an_emptied_repository_is_refused(taken_away: Sandbox) -> None:
    require_refused(taken_away)


def test_a_repository_that_was_made_anew_is_refused(taken_away: Sandbox) -> None:
    taken_away.tool("stanza-create")
    require_refused(taken_away)


def test_what_retention_removes_is_not_missed(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox()
    as_postgres("mkdir", str(sandbox.trust))
    ids = [sandbox.succeed("backup", strategy="full")["backup"]["id"] for _time in range(3)]
    sandbox.succeed("backup_retention", policy={"keep_last": 2})
    assert [each["id"] for each in sandbox.succeed("backup_info")["backups"]] == ids[1:]
    # By its own count pgBackRest lets the next one go.
    sandbox.tool("expire", "--repo1-retention-full=1")
    assert [each["id"] for each in sandbox.succeed("backup_info")["backups"]] == ids[2:]
