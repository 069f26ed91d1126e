# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What files are asked to be, before anything is read or written."""

from __future__ import annotations

import os
import subprocess
import syslog
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.test_restic_catalogue import record

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import _files_dead_man
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_backup import (
    prefix_of,
    real_path,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_hooks import Hooks
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_options import (
    plain_path,
    require_apart,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_patterns import (
    excluder,
    literal,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_restore import choose_backup
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_use import writers_in
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    RepositoryError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.base import Frozen


@pytest.mark.parametrize(
    ("pattern", "path", "is_out"),
    [
        ("*.tmp", "/srv/a.tmp", True),
        ("*.tmp", "/srv/a.tmp/below", True),
        ("*.tmp", "/srv/a.tmpx", False),
        ("cache", "/srv/cache", True),
        ("cache", "/srv/cached", False),
        ("/srv/cache", "/srv/cache", True),
        ("/srv/cache", "/else/srv/cache", False),
        ("srv/cache", "/else/srv/cache", True),
        ("/srv/*/log", "/srv/a/log", True),
        ("/srv/*/log", "/srv/a/b/log", False),
        ("/srv/**/log", "/srv/a/b/log", True),
        ("/srv/**/log", "/srv/log", True),
        ("file?", "/srv/file1", True),
        ("file[0-3]", "/srv/file2", True),
        ("file[^0-3]", "/srv/file2", False),
        (r"a\*b", "/srv/a*b", True),
        (r"a\*b", "/srv/axb", False),
    ],
)
def test_patterns_mean_what_restic_means_by_them(pattern: str, path: str, is_out: bool) -> None:
    assert excluder([pattern])(path) is is_out


def test_a_path_as_a_pattern_means_only_itself() -> None:
    odd = "/srv/[a]*?\\b"
    assert excluder([literal(odd)])(odd)
    assert not excluder([literal(odd)])("/srv/ax1b")


@pytest.mark.parametrize("pattern", ["", "/", "!keep", "open[", "ends\\"])
def test_patterns_that_are_none_are_refused(pattern: str) -> None:
    with pytest.raises(InputError):
        excluder([pattern])


@pytest.mark.parametrize("path", ["relative", "/", "/a/../b", "", "/a\0b"])
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(InputError):
        plain_path(path, "paths")


def test_paths_are_brought_into_one_form_and_kept_apart() -> None:
    assert plain_path("//srv/./a/", "paths") == "/srv/a"
    assert require_apart(["/b", "/a", "/ab", "/a"]) == ["/a", "/ab", "/b"]
    with pytest.raises(InputError):
        require_apart(["/a/b", "/a"])


def target(kind: str, at: datetime | None = None) -> RecoveryTarget:
    return RecoveryTarget(kind, None if at is None else at.isoformat(), at)


def test_the_newest_backup_that_had_ended_is_chosen() -> None:
    first, second = record(1), record(2)
    broken, unfit = record(3, is_complete=False), record(4, errors=["damaged"])
    every = [first, second, broken, unfit]
    assert choose_backup(every, target("latest"), None) == second
    assert choose_backup(every, target("time", second.started_at), None) == first
    assert choose_backup(every, target("latest"), first.id) == first
    for named in (unfit.id, "ffff"):
        with pytest.raises(RepositoryError):
            choose_backup(every, target("latest"), named)
    with pytest.raises(RepositoryError):
        choose_backup(every, target("time", datetime(2020, 1, 1, tzinfo=UTC)), None)
    with pytest.raises(InputError):
        choose_backup(every, target("lsn"), None)
    with pytest.raises(InputError):
        choose_backup(every, target("latest"), "0")


def test_release_runs_however_it_ends(tmp_path: Path) -> None:
    flag = tmp_path / "held"
    hooks = Hooks(["touch", str(flag)], ["rm", str(flag)])
    with hooks.held(Deadline(5)):
        assert flag.exists()
    assert not flag.exists()
    with pytest.raises(RuntimeError), hooks.held(Deadline(5)):
        raise RuntimeError("the reading broke")
    assert not flag.exists()
    failing = replace(hooks, quiesce=["false"])
    flag.touch()
    with pytest.raises(ToolError), failing.held(Deadline(5)):
        raise AssertionError("it was not quiesced")
    assert not flag.exists()


def test_a_failing_release_never_hides_the_cause() -> None:
    hooks = Hooks(["true"], ["false"])
    with pytest.raises(ToolError) as alone, hooks.held(Deadline(5)):
        pass
    assert "release" in alone.value.what
    with pytest.raises(ToolError) as caused, hooks.held(Deadline(5)):
        raise ToolError("read", cause="it broke", next_action="None")
    assert caused.value.what == "read" and "release_failed" in caused.value.evidence


def test_a_dead_man_that_cannot_release_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(_files_dead_man, "PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(syslog, "syslog", lambda _level, line: said.append(line))
    reading, writing = os.pipe()
    os.write(writing, _files_dead_man.QUIESCED)
    os.close(writing)

    def release() -> None:
        raise ToolError("release", cause="it is busy", next_action="None")

    _files_dead_man.watch(reading, os.getpid(), None, "7-8", release, "redis-cli config set save 60")
    os.close(reading)
    assert [line.partition(" of ")[0] for line in said[:2]] == ["try 1", "try 2"] and "it is busy" in said[0]
    assert len(said) == 3 and said[2].endswith("run: redis-cli config set save 60")


def test_a_process_that_is_gone_is_seen_even_when_its_pipe_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files_dead_man, "LOOK_EVERY_SECONDS", 0.01)
    gone = subprocess.Popen(["true"])
    gone.wait()
    reading, writing = os.pipe()
    os.write(writing, _files_dead_man.QUIESCED)
    assert _files_dead_man.words_of(reading, gone.pid, 1) == _files_dead_man.QUIESCED
    for each in (reading, writing):
        os.close(each)


def test_views_take_the_place_of_what_they_show() -> None:
    views = [Frozen("/", "/.view", "a"), Frozen("/srv/shop", "/srv/shop/.view", "b")]
    assert real_path("/srv/shop/data", views) == "/srv/shop/.view/data"
    assert real_path("/srv/shopping", views) == "/.view/srv/shopping"
    words = prefix_of(views)
    assert words[-5:] == ("/.view", "/", "/srv/shop/.view", "/srv/shop", "--")


def test_who_writes_below_a_directory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with path.open():
        assert writers_in(tmp_path) == []
    with path.open("a"):
        assert writers_in(tmp_path)[0].startswith(f"{os.getpid()} ")
    assert writers_in(tmp_path / "absent") == []
