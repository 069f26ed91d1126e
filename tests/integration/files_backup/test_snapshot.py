# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A frozen view of the source is read instead of it, under its own name, and is gone afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.sandbox import HOST, Sandbox, write_random

BTRFS: dict[str, Any] = {"snapshot": {"btrfs": {}}}


def does(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


@pytest.fixture
def frozen(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The source on a btrfs of its own: a subvolume with a directory in it."""
    image, mounted = sandbox.root / "disk", sandbox.root / "mounted"
    mounted.mkdir()
    subprocess.run(["truncate", "--size=140M", str(image)], check=True)
    if not does("mkfs.btrfs", "--quiet", str(image)) or not does("mount", "-o", "loop", str(image), str(mounted)):
        pytest.skip("this kernel has no btrfs, or btrfs-progs is not installed")
    try:
        assert does("btrfs", "subvolume", "create", f"{mounted}/shop")
        source = mounted / "shop" / "data"
        source.mkdir()
        (source / "settings.conf").write_text("port = 80\n")
        write_random(source / "big", 10_000_000)
        yield replace(sandbox, files={**BTRFS, "paths": [str(source)]})
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def subvolumes(sandbox: Sandbox) -> str:
    mounted = str(sandbox.root / "mounted")
    return subprocess.run(["btrfs", "subvolume", "list", mounted], capture_output=True, text=True, check=True).stdout


def test_a_snapshot_is_consistent_whatever_is_written_meanwhile(frozen: Sandbox) -> None:
    source = Path(frozen.files["paths"][0])
    # The hook that releases is the writer: what it writes comes after the view was frozen.
    hooks = {"quiesce": ["true"], "release": ["sh", "-c", f'echo "port = 666" > {source}/settings.conf']}
    record = frozen.saying(hooks=hooks).backup("snapshot")
    assert (record["strategy"], record["is_consistent"]) == ("snapshot", True)
    assert "recovery" not in subvolumes(frozen)
    frozen.succeed("restore", mode="in_place", confirm=HOST, select={"paths": [f"{source}/settings.conf"]})
    assert (source / "settings.conf").read_text() == "port = 80\n"
    again = frozen.backup("snapshot")
    assert again["parent"] == record["id"]
    assert again["stored_bytes"] < 100_000


def test_a_view_is_removed_when_the_backup_fails_and_when_an_earlier_run_was_killed(frozen: Sandbox) -> None:
    source = Path(frozen.files["paths"][0])
    left_over = source.parent / ".recovery-shop"
    assert does("btrfs", "subvolume", "snapshot", "-r", str(source.parent), str(left_over))
    frozen.key.write_text("wrong at the wrong moment")
    frozen.fail("backup", "DR-KEY", strategy="snapshot")
    frozen.write_settings()
    breaking = {"quiesce": ["true"], "release": ["rm", "-r", f"{frozen.repository}/keys"]}
    failed = frozen.saying(hooks=breaking).run("backup", strategy="snapshot")
    assert failed["failed"]
    assert "recovery" not in subvolumes(frozen)


def test_a_subvolume_inside_is_no_silent_hole(frozen: Sandbox) -> None:
    source = Path(frozen.files["paths"][0])
    assert does("btrfs", "subvolume", "create", f"{source}/inside")
    failed = frozen.fail("backup", "DR-PRE", strategy="snapshot")
    assert f"{source}/inside" in failed["msg"]
    assert frozen.succeed("backup_info")["backups"] == []


@pytest.mark.parametrize("kind", ["btrfs", "lvm", "zfs"])
def test_what_this_host_cannot_freeze_is_refused_with_the_reason(shop: Sandbox, kind: str) -> None:
    failed = shop.saying(snapshot={kind: {}}).fail("backup", "DR-PRE", strategy="snapshot")
    assert failed["data_state"] == "untouched"
    assert "not" in failed["cause"] or "no" in failed["cause"]
    assert "hooks" in failed["next_action"]


def test_the_strategy_needs_to_know_how(shop: Sandbox) -> None:
    shop.fail("backup", "DR-INPUT", strategy="snapshot")
    shop.fail("backup", "DR-INPUT", strategy="transaction_log")
