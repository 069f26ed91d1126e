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
from typing import Any

import pytest
from tests.unit.plugins.module_utils._engine.test_restic_catalogue import record

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine import _files_dead_man
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_backup import (
    prefix_of,
    real_path,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_comparison import compare
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_difference import difference
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_hooks import Hooks
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import (
    Manifest,
    changes,
)
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
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk, completing
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


def tree(root: Path) -> Path:
    (root / "d").mkdir(parents=True)
    (root / "d" / os.fsdecode(b"bad \xff")).write_text("x")
    (root / "a").write_text("one")
    os.link(root / "a", root / "same")
    os.symlink("nowhere", root / "link")
    return root


def test_a_manifest_survives_json_with_any_name(tmp_path: Path) -> None:
    root = tree(tmp_path / "t")
    seen = Walk(with_hashes=True).manifest([str(root)])
    assert Manifest.from_json(seen.as_json()).entries == seen.entries
    assert seen.content_bytes == 4


def copied(tmp_path: Path) -> tuple[Manifest, Path, str]:
    """A manifest, and a copy below another directory as a restore would lay it down."""
    root = tree(tmp_path / "t")
    manifest = Walk(with_hashes=True).manifest([str(root)])
    place = tmp_path / "copy"
    target = Path(f"{place}{root}")
    target.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(root), str(target)], check=True)
    return manifest, place, str(root)


def test_a_true_copy_has_no_difference(tmp_path: Path) -> None:
    manifest, place, root = copied(tmp_path)
    found = compare(manifest, place, roots=[root], unsure=set())
    assert (found.wrong, found.hashed, found.compared) == ([], 3, 6)
    assert difference(root, place).is_none


def spoil(copy: Path, how: str) -> None:
    before = (copy / "a").stat()
    if how == "content":
        (copy / "a").write_text("two")
        os.utime(copy / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    elif how == "missing":
        (copy / "link").unlink()
    elif how == "added":
        (copy / "new").touch()
    elif how == "mode":
        (copy / "a").chmod(0o600)
    elif how == "target":
        (copy / "link").unlink()
        os.symlink("elsewhere", copy / "link")
    elif how == "attribute":
        os.setxattr(copy / "a", "user.new", b"x")
    else:
        (copy / "same").unlink()
        (copy / "same").write_text("one")
        os.utime(copy / "same", ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("how", ["content", "missing", "added", "mode", "target", "attribute", "hard link"])
def test_a_copy_that_differs_in_anything_is_wrong(tmp_path: Path, how: str) -> None:
    manifest, place, root = copied(tmp_path)
    spoil(Path(f"{place}{root}"), how)
    assert compare(manifest, place, roots=[root], unsure=set()).wrong
    if how != "hard link":
        assert not difference(root, place).is_none


def test_what_changed_while_it_was_read_is_no_proof_against_a_copy(tmp_path: Path) -> None:
    manifest, place, root = copied(tmp_path)
    spoil(Path(f"{place}{root}"), "missing")
    assert compare(manifest, place, roots=[root], unsure={f"{root}/link", root}).wrong == []


def test_every_change_of_a_source_is_seen(tmp_path: Path) -> None:
    root = tree(tmp_path / "t")
    before = Walk().state([str(root)])
    (root / "a").write_text("two")
    (root / "link").unlink()
    (root / "new").touch()
    told = changes(before, Walk().state([str(root)]))
    assert {told[f"{root}/{name}"] for name in ("a", "same")} == {"changed"}
    assert (told[f"{root}/link"], told[f"{root}/new"]) == ("vanished", "appeared")


def test_what_vanished_before_a_look_was_complete_is_told_by_the_next_one_alone(tmp_path: Path) -> None:
    root = tree(tmp_path / "live")
    (root / "goes").symlink_to("nowhere")
    walk = Walk()
    seen = walk.look([str(root)])
    (root / "goes").unlink()
    walk.complete(seen)
    assert seen.unreadable == {}
    assert changes(seen.state, walk.state([str(root)]))[str(root / "goes")] == "vanished"


def test_a_look_is_given_up_with_what_it_was_taken_for(tmp_path: Path) -> None:
    root = tree(tmp_path / "live")
    walk = Walk(with_hashes=True)
    seen = walk.look([str(root)])
    with pytest.raises(ToolError), completing(walk, seen):
        raise ToolError("read it", cause="the tool failed", next_action="Run it again")
    complete = walk.manifest([str(root)])
    with completing(walk, seen):
        pass
    assert seen.entries == complete.entries


def test_what_cannot_be_looked_at_is_listed(tmp_path: Path) -> None:
    seen = Walk().manifest([str(tmp_path / "gone")])
    assert seen.unreadable == {str(tmp_path / "gone"): "No such file or directory"}


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


def entry_of(found: Any, path: Path) -> Any:
    return found.entries[str(path)]


def test_holes_are_known(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1_000_000)
    assert entry_of(Walk().manifest([str(tmp_path)]), tmp_path / "sparse").is_sparse
