# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody with the key of a repository stores what restic would not: nothing of it arrives, and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.files_backup.forged_repository import SET_USER_ID, ForgedRepository, Node
from tests.integration.files_backup.hostile_tree import described, make_hostile
from tests.integration.files_backup.sandbox import HOST, Sandbox

# What is added, and the error that it ends in: restic refuses it, or the comparison with the record does.
Forge = tuple[Callable[[ForgedRepository, Path], list[Node]], str]
# From the directory that is restored up to the root of this machine.
UP = "../" * 12

INTO_THE_TREE: dict[str, Forge] = {
    "a name that leads up": (
        lambda forged, victim: [forged.file(f"{UP}{victim.relative_to('/')}/dropped")],
        "DR-TOOL",
    ),
    "a name that leads up a little": (lambda forged, victim: [forged.file("../dropped")], "DR-TOOL"),
    "an absolute name": (lambda forged, victim: [forged.file(f"{victim}/dropped")], "DR-TOOL"),
    "the name of what is above": (
        lambda forged, victim: [forged.directory("..", forged.file("dropped"))],
        "DR-TOOL",
    ),
    "a program that runs as root": (lambda forged, victim: [forged.file("dropped", SET_USER_ID | 0o755)], "DR-INT"),
    "a device": (lambda forged, victim: [forged.device("dropped")], "DR-INT"),
    "a pipe": (lambda forged, victim: [forged.fifo("dropped")], "DR-INT"),
    "a link": (lambda forged, victim: [forged.link("dropped", victim)], "DR-INT"),
    "a link and a file": (
        lambda forged, victim: [forged.link("dropped", victim / "shadow"), forged.file("dropped", 0o777)],
        "DR-TOOL",
    ),
    "a file and a link": (
        lambda forged, victim: [forged.file("dropped", 0o777), forged.link("dropped", victim / "shadow")],
        "DR-TOOL",
    ),
    "a link and an empty file": (
        lambda forged, victim: [forged.link("dropped", victim / "shadow"), forged.file("dropped", 0o777, b"")],
        "DR-TOOL",
    ),
    "a link and two names of one file": (
        lambda forged, victim: [
            {**forged.file("original", 0o777), "inode": 7, "device_id": 7, "links": 2},
            forged.link("dropped", victim / "shadow"),
            {**forged.file("dropped", 0o777), "inode": 7, "device_id": 7, "links": 2},
        ],
        "DR-TOOL",
    ),
    "a link and a directory": (
        lambda forged, victim: [
            forged.link("dropped", victim),
            forged.directory("dropped", forged.file("shadow", 0o777, b"")),
        ],
        "DR-TOOL",
    ),
}


class Attack:
    """A repository to forge, and what must not change whatever is restored from it."""

    def __init__(self, shop: Sandbox, name: str) -> None:
        self.shop = shop
        [self.backup] = shop.ids()
        self.forged = ForgedRepository(shop.variation(f"forged-{name.replace(' ', '-')}"))
        self.victim = shop.root / f"{self.forged.sandbox.name}-victim"
        self.victim.mkdir(mode=0o755)
        (self.victim / "shadow").write_text("root's")
        (self.victim / "shadow").chmod(0o600)

    @property
    def untouched(self) -> list[object]:
        """What lies outside of anything that is restored."""
        around = [each for each in os.listdir(self.shop.root) if ".quarantine-" not in each]
        return [described(self.victim), described(self.shop.source), sorted(around), (Path("/") / "dropped").exists()]

    def refused(self, sandbox: Sandbox, code: str) -> str:
        """Both ways of a restore end in this error and leave nothing anywhere; the cause."""
        was, run_id = self.untouched, sandbox.name
        in_place = sandbox.fail("restore", code, mode="in_place", confirm=HOST, run_id=run_id)
        assert in_place["data_state"] == "old_live" and self.untouched == was
        copy = self.shop.root / f"{sandbox.name}-copy"
        beside = sandbox.fail("restore", code, mode="beside", directory=str(copy), run_id=run_id)
        assert self.untouched == was
        # Nobody starts a thing that lies where only root looks.
        for apart in self.shop.root.glob(f"{copy.name}.quarantine-*"):
            assert apart.stat().st_mode & 0o077 == 0
        cause: str = beside["cause"]
        return cause


@pytest.mark.parametrize("name", INTO_THE_TREE)
def test_what_the_record_does_not_name_arrives_nowhere(shop: Sandbox, name: str) -> None:
    attack, (forge, code) = Attack(shop, name), INTO_THE_TREE[name]
    added = forge(attack.forged, attack.victim)
    attack.forged.replace(attack.backup, str(shop.source), lambda nodes: [*nodes, *added])
    assert re.search(r"dropped|child node name \.\. ", attack.refused(attack.forged.sandbox, code))


def test_a_program_of_ours_does_not_come_back_as_one_that_runs_as_root(shop: Sandbox) -> None:
    attack = Attack(shop, "a mode")

    def change(nodes: list[Node]) -> list[Node]:
        return [{**each, "mode": SET_USER_ID | 0o755} if each["name"] == "settings.conf" else each for each in nodes]

    attack.forged.replace(attack.backup, str(shop.source), change)
    assert "mode is 2541, was 420" in attack.refused(attack.forged.sandbox, "DR-INT")


def test_nothing_arrives_beside_the_paths_that_were_backed_up(shop: Sandbox) -> None:
    attack = Attack(shop, "beside")
    added = [attack.forged.file("dropped", SET_USER_ID | 0o755)]
    attack.forged.replace(attack.backup, str(shop.root), lambda nodes: [*nodes, *added])
    cause = beside_of(attack)
    assert cause == f"1 differences: '{shop.root}/dropped' was not backed up"


def test_no_link_stands_for_a_directory_that_leads_to_them(shop: Sandbox) -> None:
    """What it leads to is as the record has it, for it is the live tree itself."""
    attack = Attack(shop, "leading")
    link = attack.forged.link(shop.root.name, shop.root)
    attack.forged.replace(attack.backup, str(shop.root.parent), lambda nodes: [link])
    assert f"'{shop.root}' is a link" in beside_of(attack)


def beside_of(attack: Attack) -> str:
    was, copy = attack.untouched, attack.shop.root / f"{attack.forged.sandbox.name}-copy"
    failed = attack.forged.sandbox.fail("restore", "DR-INT", mode="beside", directory=str(copy), run_id="b1")
    assert attack.untouched == was and not copy.exists()
    cause: str = failed["cause"]
    return cause


def without_mounts(sandbox: Sandbox) -> Sandbox:
    """Where root may not mount, as in many a container."""
    programs = sandbox.root / f"{sandbox.name}-programs"
    programs.mkdir()
    (programs / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (programs / "unshare").chmod(0o755)
    return replace(sandbox, prefix=("env", f"PATH={programs}:{os.environ['PATH']}"))


@pytest.mark.parametrize("name", ["a link and an empty file", "a link and two names of one file"])
def test_where_nothing_can_be_mounted_an_entry_of_two_meanings_is_found_before_it_is_written(
    shop: Sandbox, name: str
) -> None:
    attack = Attack(shop, f"{name} unmounted")
    added = INTO_THE_TREE[name][0](attack.forged, attack.victim)
    attack.forged.replace(attack.backup, str(shop.source), lambda nodes: [*nodes, *added])
    cause = attack.refused(without_mounts(attack.forged.sandbox), "DR-INT")
    assert cause == f"it holds more than one entry of the name '{shop.source}/dropped'"


def test_where_nothing_can_be_mounted_odd_names_still_come_back(sandbox: Sandbox) -> None:
    make_hostile(sandbox.source)
    (sandbox.source / "line\nline\nline").write_text("x")
    sandbox.backup()
    copy, _result = without_mounts(sandbox).restore_beside("beside")
    assert described(copy) == described(sandbox.source)
