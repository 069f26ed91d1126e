# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository is begun once; an emptied one is an alarm; a key is taken away only after another is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._repository_tool import (
    RepositoryTool,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    EncryptionError,
    InputError,
    PreconditionError,
    RepositoryError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Declared
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import open_repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_beginning import (
    Memory,
    RepositoryBeginning,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_health import Examination, Limits
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_keys import (
    KeyRotation,
    prove_escrow,
)


class PretendedTool(RepositoryTool):
    """A tool whose repository is a few variables."""

    memory_name = "vault"
    root = "restic/"
    newest_prefix = "restic/snapshots/"

    def __init__(self, path: Path) -> None:
        repository = open_repository({"name": "vault", "number": 1, "filesystem": {"path": str(path)}})
        super().__init__(repository, stanza="web", configuration_file=None, deadline=Deadline(5))
        self.begun: str | None = None
        self.opening = ["first"]

    def secrets(self) -> dict[str, str]:
        return {}

    def write_and_remove(self) -> None:
        raise AssertionError("a directory is looked at by itself")

    def identity(self) -> str | None:
        return self.begun

    def initialise(self) -> None:
        self.begun = "one"

    def identity_with(self, passphrase: str) -> str:
        self.keys(passphrase)
        return str(self.begun)

    def keys(self, passphrase: str) -> list[str]:
        if passphrase not in self.opening:
            raise EncryptionError("open it", cause="wrong passphrase", next_action="Use the right one")
        return self.opening

    def add_key(self, passphrase: str) -> None:
        self.opening.append(passphrase)

    def remove_key(self, passphrase: str) -> None:
        self.opening.remove(passphrase)


@pytest.fixture
def tool(tmp_path: Path) -> PretendedTool:
    (tmp_path / "place").mkdir()
    return PretendedTool(tmp_path / "place")


def begin(tool: PretendedTool, memory: Path, accept_new: str = "") -> bool:
    """Whether it changed anything."""
    subject = RepositoryBeginning(tool, Memory(memory), accept_new=accept_new)
    before = subject.describe()
    after = subject.plan(before)
    if after != before:
        subject.apply(before, after)
        assert subject.describe() == after
    return after != before


def test_an_empty_place_is_begun_once(tool: PretendedTool, tmp_path: Path) -> None:
    assert begin(tool, tmp_path / "m") is True
    assert begin(tool, tmp_path / "m") is False
    assert Memory(tmp_path / "m").identity == "one"


def test_one_that_others_have_begun_is_taken_as_it_is(tool: PretendedTool, tmp_path: Path) -> None:
    tool.begun = "theirs"
    assert begin(tool, tmp_path / "m") is True
    assert tool.begun == "theirs"


def test_an_emptied_and_a_replaced_repository_are_refused_until_a_reason_is_given(
    tool: PretendedTool, tmp_path: Path
) -> None:
    begin(tool, tmp_path / "m")
    tool.begun = None
    with pytest.raises(RepositoryError, match="knows it as one, and now nothing was begun there"):
        begin(tool, tmp_path / "m")
    tool.begun = "other"
    with pytest.raises(RepositoryError, match="now it is other"):
        begin(tool, tmp_path / "m")
    assert begin(tool, tmp_path / "m", accept_new="the old disk died") is True
    assert Memory(tmp_path / "m").identity == "other"


def test_a_place_that_holds_something_else_is_refused(tool: PretendedTool, tmp_path: Path) -> None:
    (tmp_path / "place" / "restic").mkdir()
    (tmp_path / "place" / "restic" / "holiday.jpg").touch()
    with pytest.raises(PreconditionError, match="not empty: restic/holiday.jpg"):
        begin(tool, tmp_path / "m")


def rotate(tool: PretendedTool, new: str, old: str | None = None) -> bool:
    subject = KeyRotation(tool, new=new, old=old)
    before = subject.describe()
    after = subject.plan(before)
    if after != before:
        subject.apply(before, after)
    assert subject.describe() == after
    return after != before


def test_a_key_is_added_first_and_the_old_one_taken_away_when_asked(tool: PretendedTool) -> None:
    assert rotate(tool, "second") is True and tool.opening == ["first", "second"]
    assert rotate(tool, "second") is False
    assert rotate(tool, "second", old="first") is True and tool.opening == ["second"]
    with pytest.raises(InputError, match="new_passphrase"):
        KeyRotation(tool, new="", old=None)


def test_an_escrowed_key_opens_or_is_a_failure(tool: PretendedTool) -> None:
    tool.begun = "one"
    tool.repository.declared = Declared("escrow-7")
    assert prove_escrow(tool, "first")["escrow"]["key_id"] == "escrow-7"
    with pytest.raises(EncryptionError):
        prove_escrow(tool, "lost")
    with pytest.raises(EncryptionError, match="by hand as in a real loss"):
        prove_escrow(tool, "")


def test_a_healthy_directory_passes_every_check(tool: PretendedTool, tmp_path: Path) -> None:
    tool.begun = "one"
    health = Examination(tool, Limits(maximum_age_seconds=60)).run()
    failed = [finding.check for finding in health.findings if not finding.passed]
    assert failed == ["newest_object"]
    (tmp_path / "place" / "restic" / "snapshots").mkdir(parents=True)
    (tmp_path / "place" / "restic" / "snapshots" / "abc").touch()
    health = Examination(tool, Limits(maximum_age_seconds=60)).run()
    assert health.is_healthy and health.newest_at is not None
    assert [finding.check for finding in health.findings] == [
        *("declared", "reachable", "free_space", "configured", "list", "write", "read_back", "delete"),
        *("newest_object", "latency", "opened"),
    ]
    assert sorted(path.name for path in (tmp_path / "place").iterdir()) == ["restic"]


def test_what_cannot_be_looked_at_counts_as_failed(tool: PretendedTool, tmp_path: Path) -> None:
    tool.begun = "one"
    (tmp_path / "place").rmdir()
    health = Examination(tool, Limits()).run()
    assert not health.is_healthy
    (tmp_path / "place").mkdir()
    tool.repository.declared = Declared(is_immutable=True)
    health = Examination(tool, Limits(10**18, 1e-9)).run()
    failed = [finding.check for finding in health.findings if not finding.passed]
    assert failed == ["free_space", "immutable", "latency"]
