# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root restores where an application's user may rename: whatever he puts there meanwhile, root writes nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.files_backup.hostile_tree import described
from tests.integration.files_backup.sandbox import HOST, Sandbox

NOBODY = 65534
IN_PLACE: dict[str, Any] = {"mode": "in_place", "confirm": HOST, "run_id": "s1"}
STAGED = ".recovery-partial-s1"


@dataclass(frozen=True)
class Home:
    """What belongs to the application's user, what was backed up of it, and what is nobody's business."""

    sandbox: Sandbox
    user: Path
    victim: Path

    @property
    def app(self) -> Path:
        return self.user / "app"

    @property
    def data(self) -> Path:
        return self.app / "data"

    def meanwhile(self, *commands: str, is_to_fail: bool = False) -> Sandbox:
        """What that user does at the moment when restic is to write; restic itself works, or does not."""
        programs = self.sandbox.root / "programs"
        programs.mkdir()
        done = f"cd {self.user} && {' && '.join(commands)}"
        (programs / "attack").write_text(done)
        ending = "exit 1" if is_to_fail else ""
        as_user = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups sh -e {programs}/attack || exit 99"
        case = f'case " $* " in *" restore "*) {as_user}; {ending};; esac'.replace("; ;;", ";;")
        (programs / "restic").write_text(f'#!/bin/sh\n{case}\nexec {shutil.which("restic")} "$@"\n')
        (programs / "restic").chmod(0o755)
        return replace(self.sandbox, prefix=("env", f"PATH={programs}:{os.environ['PATH']}"))


@pytest.fixture
def home(sandbox: Sandbox) -> Home:
    made = Home(
        sandbox.saying(paths=[str(sandbox.root / "home/app/data")]), sandbox.root / "home", sandbox.root / "etc"
    )
    shutil.copytree(sandbox.source, made.data)
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(made.user)], check=True)
    (made.victim / "data").mkdir(parents=True)
    (made.victim / "data" / "shadow").write_text("root's")
    made.sandbox.backup()
    (made.data / "settings.conf").write_text("port = 666\n")
    return made


def test_a_link_in_the_place_of_the_staged_tree_is_not_followed(home: Home) -> None:
    was = described(home.victim)
    attacked = home.meanwhile(f"mv app/{STAGED} app/aside", f"ln -s {home.victim} app/{STAGED}")
    attacked.succeed("restore", **IN_PLACE)
    assert described(home.victim) == was
    assert (home.data / "settings.conf").read_text() == "port = 80\n"
    assert os.listdir(home.app / "aside") == []


def test_a_directory_above_that_leads_elsewhere_is_a_refusal(home: Home) -> None:
    was, live = described(home.victim), described(home.data)
    attacked = home.meanwhile("mv app moved", f"ln -s {home.victim} app")
    refused = attacked.fail("restore", "DR-PRE", **IN_PLACE)
    assert "leads there by a link" in refused["cause"] and refused["data_state"] == "old_live"
    assert described(home.victim) == was
    assert described(home.user / "moved" / "data") == live
    assert os.listdir(home.user / "moved") == ["data"]


def test_what_is_cleaned_away_is_what_was_staged_and_nothing_that_has_its_name(home: Home) -> None:
    precious = home.app / "precious"
    precious.mkdir(mode=0o700)
    (precious / "ledger").write_text("root's")
    attacked = home.meanwhile(f"mv app/{STAGED} app/aside", f"mv app/precious app/{STAGED}", is_to_fail=True)
    failed = attacked.run("restore", **IN_PLACE)
    assert failed["failed"] and failed["data_state"] == "old_live"
    assert (home.app / STAGED / "ledger").read_text() == "root's"
    assert os.listdir(home.app / "aside") == []
    # And no later run takes it for what it left itself.
    refused = home.sandbox.fail("restore", "DR-PRE", **IN_PLACE)
    assert "is there already" in refused["cause"] and refused["data_state"] == "old_live"
    assert (home.app / STAGED / "ledger").read_text() == "root's"


@pytest.mark.parametrize("how", ["a link", "a directory"])
def test_a_copy_beside_is_written_to_what_was_made_for_it(home: Home, how: str) -> None:
    was = described(home.victim)
    put = {"a link": f"ln -s {home.victim} copy.partial-s1", "a directory": "mkdir copy.partial-s1"}[how]
    attacked = home.meanwhile("mv copy.partial-s1 aside", put)
    refused = attacked.fail("restore", "DR-PRE", mode="beside", directory=str(home.user / "copy"), run_id="s1")
    assert "does not lead to the directory that it led to" in refused["cause"]
    assert described(home.victim) == was
    assert os.listdir(home.user / "aside") == [] and not (home.user / "copy").exists()


@pytest.mark.parametrize("state", ["reverted", "acknowledged"])
def test_former_paths_are_not_looked_for_where_a_link_leads(home: Home, state: str) -> None:
    home.sandbox.succeed("restore", **IN_PLACE)
    (home.victim / "data.pre-s1").mkdir()
    (home.victim / "data.pre-s1" / "passwd").write_text("root's")
    was = described(home.victim)
    home.app.rename(home.user / "moved")
    home.app.symlink_to(home.victim)
    home.sandbox.fail("restore", "DR-PRE", **IN_PLACE, state=state)
    assert described(home.victim) == was
    assert (home.user / "moved" / "data.pre-s1" / "settings.conf").read_text() == "port = 666\n"
