# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored is what was backed up, where it belongs, and nothing else is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.integration.files_backup.conftest import MakeSandbox
from tests.integration.files_backup.hostile_tree import SPARSE_BYTES, described, make_hostile, make_socket
from tests.integration.files_backup.sandbox import HOST, Sandbox, flip_bits


@pytest.fixture(scope="session")
def hostile(make_sandbox: MakeSandbox) -> Sandbox:
    """A tree of everything that is odd, backed up."""
    made = make_sandbox().saying(manifest="hashes")
    make_hostile(made.source)
    made.backup()
    return made


def test_hostile_names_and_types_come_back_as_they_were(hostile: Sandbox) -> None:
    copy, result = hostile.restore_beside("beside")
    assert described(copy) == described(hostile.source)
    assert result["reached"]["by"].startswith(f"{len(described(copy)) + 1} paths")
    assert (copy / "sparse").stat().st_blocks * 512 < SPARSE_BYTES / 10
    assert not (Path("/") / "pwned").exists()
    assert sorted(path.name for path in (hostile.root / "beside").iterdir()) == ["tmp"]


def test_a_trial_restore_proves_contents_by_hashes_of_the_source(hostile: Sandbox) -> None:
    verified = hostile.succeed("backup_verify", level="restored", scratch_directory=str(hostile.root / "scratch"))
    restored = verified["backup"]["trust"]["evidence"]["restored"]["manifest"]
    assert restored["contents_hashed"] > 20
    assert os.listdir(hostile.root / "scratch") == []


def test_what_cannot_be_preserved_is_told(sandbox: Sandbox) -> None:
    make_socket(sandbox.source / "socket")
    subprocess.run(["chattr", "+i", str(sandbox.source / "settings.conf")], check=True)
    sandbox.backup()
    copy, result = sandbox.restore_beside("beside")
    assert any("socket" in note for note in result["notes"])
    assert any("immutable" in note for note in result["notes"])
    assert result["recovery"]["notes"] == result["notes"]
    assert not (copy / "socket").exists()


def test_checks_of_the_application_decide_about_verified(shop: Sandbox) -> None:
    good = [
        {"name": "port", "path": f"{shop.source}/settings.conf", "pattern": "^port = 80$"},
        {"name": "page", "command": ["grep", "-c", "Shop", f".{shop.source}/pages/index.html"], "expect": "1"},
    ]
    scratch = {"scratch_directory": str(shop.root / "scratch")}
    verified = shop.variation("checks")
    assert verified.succeed("backup_verify", level="verified", checks=good, **scratch)["trust"] == "verified"
    bad = [{"name": "leads out", "path": "/etc/hostname"}, {"name": "fails", "command": ["false"]}]
    failed = verified.fail("backup_verify", "DR-INT", level="verified", checks=bad, **scratch)
    assert "leads out" in failed["cause"] and "fails" in failed["cause"]
    query = [{"name": "sql", "query": "SELECT 1", "expect": "1"}]
    verified.fail("backup_verify", "DR-INPUT", level="verified", checks=query, **scratch)


def test_in_place_changes_only_what_differs_and_keeps_what_was_there(sandbox: Sandbox) -> None:
    apart = sandbox.root / "apart.conf"
    apart.write_text("same\n")
    both = sandbox.saying(paths=[str(sandbox.source), str(apart)])
    both.backup()
    was = described(sandbox.source)
    (sandbox.source / "settings.conf").write_text("port = 666\n")
    (sandbox.source / "pages" / "index.html").unlink()
    (sandbox.source / "added").write_text("x")
    inode = apart.stat().st_ino
    both.fail("restore", "DR-TL", mode="in_place", confirm="another-host")
    both.fail("restore", "DR-INPUT", mode="in_place")
    would = both.succeed("restore", mode="in_place", confirm=HOST, run_id="r1", check=True)
    assert would["changed"] and (sandbox.source / "added").exists()
    done = both.succeed("restore", mode="in_place", confirm=HOST, run_id="r1")
    assert described(sandbox.source) == was
    assert [each["state"] for each in done["paths"]] == ["unchanged", "replaced"]
    assert done["changes"]["removed"] == [f"{sandbox.source}/added"]
    assert done["changes"]["added"] == [f"{sandbox.source}/pages/index.html"]
    assert f"{sandbox.source}/settings.conf" in done["changes"]["changed"]
    assert (Path(done["kept"]) / "settings.conf").read_text() == "port = 666\n"
    assert apart.stat().st_ino == inode
    assert not both.succeed("restore", mode="in_place", confirm=HOST, run_id="r1")["changed"]
    assert not list(sandbox.root.glob(".recovery-partial-*"))


def test_one_file_comes_back_and_nothing_else(sandbox: Sandbox) -> None:
    odd = sandbox.source / "[a]*?"
    odd.write_text("odd")
    (sandbox.source / "ab").write_text("also matched by the name as a pattern")
    sandbox.backup()
    odd.write_text("broken")
    (sandbox.source / "ab").write_text("meant")
    done = sandbox.succeed("restore", mode="in_place", confirm=HOST, select={"paths": [str(odd)]})
    assert odd.read_text() == "odd"
    assert (sandbox.source / "ab").read_text() == "meant"
    assert [each["path"] for each in done["paths"]] == [str(odd)]


def test_a_bare_host_needs_only_the_repository_and_its_key(sandbox: Sandbox) -> None:
    sandbox.backup()
    was = described(sandbox.source)
    for path in (sandbox.source, sandbox.cache, sandbox.trust):
        subprocess.run(["rm", "-r", str(path)], check=True)
    sandbox.trust.mkdir()
    done = sandbox.succeed("restore", mode="in_place", confirm=HOST, run_id="r1")
    assert [each["state"] for each in done["paths"]] == ["created"]
    assert described(sandbox.source) == was


@pytest.mark.parametrize(
    ("code", "select"),
    [
        ("DR-INPUT", {"paths": ["/etc/passwd"]}),
        ("DR-INPUT", {"paths": ["relative"]}),
        ("DR-INPUT", {"paths": ["{source}/../../etc"]}),
        ("DR-INPUT", {"databases": ["orders"]}),
        ("DR-INPUT", {"tables": ["orders.product"]}),
    ],
)
def test_a_selection_that_means_nothing_here_is_refused(shop: Sandbox, code: str, select: dict[str, list[str]]) -> None:
    wanted = {name: [each.format(source=shop.source) for each in values] for name, values in select.items()}
    shop.fail("restore", code, directory=str(shop.root / "refused"), select=wanted)
    assert not (shop.root / "refused").exists()


def test_a_moment_before_the_first_backup_and_positions_are_refused(shop: Sandbox) -> None:
    directory = str(shop.root / "refused")
    shop.fail("restore", "DR-REPO", directory=directory, target={"type": "time", "value": "2020-01-01T00:00:00Z"})
    shop.fail("restore", "DR-INPUT", directory=directory, target={"type": "xid", "value": "7"})


def test_occupied_mounted_written_and_small_places_are_refused(sandbox: Sandbox) -> None:
    sandbox.backup()
    occupied = sandbox.root / "occupied"
    occupied.mkdir()
    (occupied / "somebody's").write_text("x")
    sandbox.fail("restore", "DR-PRE", directory=str(occupied))
    with (sandbox.source / "settings.conf").open("a"):
        written = sandbox.fail("restore", "DR-PRE", mode="in_place", confirm=HOST)
    assert "open for writing" in written["cause"]
    mounted = sandbox.root / "mounted"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mounted)], check=True)
    try:
        sandbox.fail("restore", "DR-PRE", directory=str(mounted))
        sandbox.fail("restore", "DR-SPACE", directory=str(mounted / "below"))
        assert os.listdir(mounted) == []
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
    link = sandbox.root / "link"
    link.symlink_to(sandbox.source.parent / "source")
    sandbox.saying(paths=[f"{link}/settings.conf"]).backup(minimum_percent_of_median=0)
    led = sandbox.saying(paths=[f"{link}/settings.conf"]).fail("restore", "DR-PRE", mode="in_place", confirm=HOST)
    assert "leads by a link" in led["cause"]


def test_a_damaged_backup_leaves_the_live_paths_as_they_are(shop: Sandbox) -> None:
    damaged = shop.variation("live")
    was = described(shop.source)
    flip_bits(damaged.packs()[-1])
    failed = damaged.run("restore", mode="in_place", confirm=HOST)
    assert failed["failed"] and failed["data_state"] == "old_live"
    assert described(shop.source) == was
    assert not list(shop.root.glob("*.pre-*")) and not list(shop.root.glob(".recovery-partial-*"))


def test_the_former_paths_go_live_again_or_are_acknowledged_to_be_unneeded(sandbox: Sandbox) -> None:
    sandbox.backup()
    settings = sandbox.source / "settings.conf"
    settings.write_text("spoilt")
    spoilt = described(sandbox.source)
    asked = {"mode": "in_place", "run_id": "r1"}
    assert sandbox.succeed("restore", **asked, state="reverted")["changed"] is False
    sandbox.succeed("restore", **asked, confirm=HOST)
    sandbox.fail("restore", "DR-INPUT", mode="in_place", state="reverted")
    assert sandbox.succeed("restore", **asked, state="reverted", check=True)["changed"] is True
    assert sandbox.succeed("restore", **asked, state="reverted")["changed"] is True
    assert described(sandbox.source) == spoilt
    assert list(sandbox.root.rglob("*.quarantine-r1"))
    assert sandbox.succeed("restore", **asked, state="reverted")["changed"] is False

    # A call that broke off when all was put back, before it forgot the run: the next one moves nothing again.
    sandbox.succeed("restore", **{**asked, "run_id": "r3"}, confirm=HOST)
    marker = next(sandbox.trust.rglob("restored-*-r3.json"))
    remembered = marker.read_text()
    sandbox.succeed("restore", **{**asked, "run_id": "r3"}, state="reverted")
    marker.write_text(remembered)
    assert sandbox.succeed("restore", **{**asked, "run_id": "r3"}, state="reverted")["changed"] is False
    assert described(sandbox.source) == spoilt

    again = {**asked, "run_id": "r2"}
    sandbox.succeed("restore", **again, confirm=HOST)
    assert sandbox.succeed("restore", **again, state="acknowledged")["changed"] is True
    assert not list(sandbox.root.rglob("*.pre-r2"))
    assert settings.read_text() != "spoilt"
    gone = sandbox.fail("restore", "DR-PRE", **again, state="reverted")
    assert "not there any more" in gone["cause"]
