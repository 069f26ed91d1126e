# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a walk sees of files, and what a comparison makes of two looks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_comparison import Proof
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_difference import difference
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import (
    ENTRIES_AT_ONCE,
    Entry,
    Manifest,
    changes,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk


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
    assert Manifest.from_json(json.loads("".join(seen.as_text()))).entries == seen.entries
    assert seen.content_bytes == 4


@pytest.mark.parametrize("count", [0, 1, ENTRIES_AT_ONCE, 2 * ENTRIES_AT_ONCE + 1])
def test_a_manifest_of_any_length_survives_json(count: int) -> None:
    entries = {f"/{number}": Entry("file", size=number) for number in range(count)}
    assert Manifest.from_json(json.loads("".join(Manifest(entries).as_text()))).entries == entries


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
    found = Proof(manifest, place, [root], unsure=set()).found()
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
    assert Proof(manifest, place, [root], unsure=set()).found().wrong
    if how != "hard link":
        assert not difference(root, place).is_none


def test_what_changed_while_it_was_read_is_no_proof_against_a_copy(tmp_path: Path) -> None:
    manifest, place, root = copied(tmp_path)
    spoil(Path(f"{place}{root}"), "missing")
    assert Proof(manifest, place, [root], unsure={f"{root}/link", root}).found().wrong == []


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
    walk, seen = Walk(), Manifest()
    walk.look([str(root)], seen)
    (root / "goes").unlink()
    walk.complete(seen)
    assert seen.unreadable == {}
    assert changes(seen.state, walk.state([str(root)]))[str(root / "goes")] == "vanished"


def test_what_cannot_be_looked_at_is_listed(tmp_path: Path) -> None:
    seen = Walk().manifest([str(tmp_path / "gone")])
    assert seen.unreadable == {str(tmp_path / "gone"): "No such file or directory"}


def test_holes_are_known(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1_000_000)
    assert Walk().manifest([str(tmp_path)]).entries[str(tmp_path / "sparse")].is_sparse
