# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plans themselves are made of is backed up as the example says, and comes back, with or without a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.file_plans.own_machine import PASSPHRASE, own_machine
from tests.repository_reading import ROOT

INVENTORY = ROOT / "inventories" / "controller"
PROJECT = "/srv/recovery"
HOSTS = f"{PROJECT}/inventories/two_sites/hosts.yml"
GIT = ["git", "-C", PROJECT, "-c", "user.name=a", "-c", "user.email=a@example.com"]
IN_PLACE: dict[str, Any] = {"restore_files": "plans", "restore_mode": "in_place", "restore_confirm": "controller"}


def test_inventory_and_plans_come_back_by_a_plan_and_without_one(home: Path) -> None:
    with own_machine(home) as machine:
        machine.write(HOSTS, "all: {}\n")
        machine.write(f"{PROJECT}/ansible.cfg", "[defaults]\n")
        machine.write(f"{PROJECT}/.venv/bin/python", "is made again")
        for command in (["init", "--quiet"], ["add", "inventories"], ["commit", "--quiet", "--message", "as it was"]):
            machine.call(*GIT, *command)
        machine.plan("protect", INVENTORY)

        machine.write(HOSTS, "spoilt\n")
        machine.plan("restore", INVENTORY, **IN_PLACE)
        assert machine.read(HOSTS) == "all: {}\n"

        machine.call("rm", "-r", PROJECT, "/etc/recovery")
        repository = ["restic", "--no-cache", "--repo", "/var/lib/recovery-elsewhere/restic"]
        wanted = ["restore", "latest", "--tag", "stanza=plans.home,part=data", "--target", "/"]
        machine.call(*repository, *wanted, RESTIC_PASSWORD=PASSPHRASE)
        assert machine.call(*GIT, "status", "--short").stdout == "?? ansible.cfg\n"
        assert machine.call(*GIT, "log", "--format=%s").stdout == "as it was\n"
        assert machine.call("ls", "-A", PROJECT).stdout.split() == [".git", "ansible.cfg", "inventories"]
